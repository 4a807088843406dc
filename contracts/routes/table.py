"""Every route."""

from contracts.routes import files, predictions, styles, trainings

ROUTES = (*predictions.ROUTES, *trainings.ROUTES, *files.ROUTES, *styles.ROUTES)
