"""The use cases: projects, intake, dispatch, answers, results."""
