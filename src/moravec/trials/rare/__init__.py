"""The mildest conditions that break a job, searched for; and how often it fails out there."""
