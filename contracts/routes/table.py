"""Every route."""

from contracts.routes import (
    base_models,
    batches,
    files,
    marks,
    openai,
    people,
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
    *marks.ROUTES,
    *styles.ROUTES,
    *base_models.ROUTES,
    *replicate.ROUTES,
    *openai.ROUTES,
    *stability.ROUTES,
    *webhooks.ROUTES,
    *people.ROUTES,
)
