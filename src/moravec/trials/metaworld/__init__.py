"""Meta-World under the public protocol: 50 tasks, 500 steps, success as the environment says it, means of tiers."""
