"""What the learning pages show: pictures of the tiny models at work, and what trainings of them measured."""
