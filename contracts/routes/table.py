"""Every route."""

from contracts.routes import base_models, files, openai, predictions, replicate, styles, trainings, webhooks

ROUTES = (
    *predictions.ROUTES,
    *trainings.ROUTES,
    *files.ROUTES,
    *styles.ROUTES,
    *base_models.ROUTES,
    *replicate.ROUTES,
    *openai.ROUTES,
    *webhooks.ROUTES,
)
