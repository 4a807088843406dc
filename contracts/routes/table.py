"""Every route."""

from contracts.routes import (
    base_models,
    batches,
    files,
    openai,
    predictions,
    replicate,
    stability,
    styles,
    trainings,
    webhooks,
)

ROUTES = (
    *predictions.ROUTES,
    *batches.ROUTES,
    *trainings.ROUTES,
    *files.ROUTES,
    *styles.ROUTES,
    *base_models.ROUTES,
    *replicate.ROUTES,
    *openai.ROUTES,
    *stability.ROUTES,
    *webhooks.ROUTES,
)
