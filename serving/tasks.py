"""The tasks that the service answers for."""

TASK_NAMES = ("lead", "response", "churn")
