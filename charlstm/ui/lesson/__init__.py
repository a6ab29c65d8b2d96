"""The page Lesson: six steps over the other pages."""
