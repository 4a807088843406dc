"""Every route."""

from contracts.routes import files, predictions, replicate, styles, trainings, webhooks

ROUTES = (*predictions.ROUTES, *trainings.ROUTES, *files.ROUTES, *styles.ROUTES, *replicate.ROUTES, *webhooks.ROUTES)
