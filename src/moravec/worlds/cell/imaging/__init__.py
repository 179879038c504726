"""From a lit scene to the picture that a robot is given: where cameras stand, what their glass does, what their line hands on.

pose      a knocked camera, and the calibration's error
optics    shadow, focus, dust and exposure
feed      pictures that come again
readings  what of all this is found in pictures and models
"""
