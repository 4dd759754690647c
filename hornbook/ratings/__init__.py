"""The tasks of users and items: predict ratings, or rank what a user will turn to next."""
