"""The state machine of batches: its map over rows, its ways, times, errors."""

from bench.gate.changes import drop, put, swap
from bench.gate.mutant import Defect

_AT = "Api/BatchesMachine0"
_ROW = "ItemProcessor.States.PaintItem"

MUTANTS = (
    Defect(name="all rows are painted at once", at=_AT, state="PaintItems", change=drop("MaxConcurrency")),
    Defect(
        name="as many rows are painted at once as the map likes",
        at=_AT,
        state="PaintItems",
        change=put("MaxConcurrency", 10_000),
    ),
    Defect(
        name="one row that fails ends the batch", at=_AT, state="PaintItems", change=drop("ToleratedFailurePercentage")
    ),
    Defect(
        name="every row of a batch may fail", at=_AT, state="PaintItems", change=put("ToleratedFailurePercentage", 100)
    ),
    Defect(
        name="rows are read in another format than they are written",
        at=_AT,
        state="PaintItems",
        change=put("ItemReader.ReaderConfig.InputType", "CSV"),
    ),
    Defect(name="rows are read from nowhere", at=_AT, state="PaintItems", change=swap("$batch.key", "$batch.keys")),
    Defect(
        name="rows are listed and not read", at=_AT, state="PaintItems", change=swap("s3:getObject", "s3:listObjectsV2")
    ),
    Defect(
        name="results are written to nowhere",
        at=_AT,
        state="PaintItems",
        change=swap("$batch.results", "$batch.result"),
    ),
    Defect(name="results are handed on and not written", at=_AT, state="PaintItems", change=drop("ResultWriter")),
    Defect(
        name="the map is in the execution's own history",
        at=_AT,
        state="PaintItems",
        change=put("ItemProcessor.ProcessorConfig", {"Mode": "INLINE"}),
    ),
    Defect(
        name="a row's execution ends after five minutes",
        at=_AT,
        state="PaintItems",
        change=put("ItemProcessor.ProcessorConfig.ExecutionType", "EXPRESS"),
    ),
    Defect(name="a row hands out no token", at=_AT, state="PaintItems", change=drop(f"{_ROW}.Arguments.Payload.token")),
    Defect(
        name="a row is handed over by another name than its handler reads",
        at=_AT,
        state="PaintItems",
        change=put(
            f"{_ROW}.Arguments.Payload", {"row": "{% $states.input %}", "token": "{% $states.context.Task.Token %}"}
        ),
    ),
    Defect(
        name="a row's prediction is asked for and not waited for",
        at=_AT,
        state="PaintItems",
        change=swap("lambda:invoke.waitForTaskToken", "lambda:invoke"),
    ),
    Defect(name="a row may wait for ever", at=_AT, state="PaintItems", change=drop(f"{_ROW}.TimeoutSeconds")),
    Defect(
        name="a row is given up before an answer must have come",
        at=_AT,
        state="PaintItems",
        change=put(f"{_ROW}.TimeoutSeconds", 600),
    ),
    Defect(
        name="a row is not asked for again where the API did not answer",
        at=_AT,
        state="PaintItems",
        change=swap("ApiUnavailableError", "ApiUnavailable"),
    ),
    Defect(
        name="a row that is refused is asked for again",
        at=_AT,
        state="PaintItems",
        change=put(f"{_ROW}.Retry.0.ErrorEquals", ["States.ALL"]),
    ),
    Defect(name="a row's last state leads nowhere", at=_AT, state="PaintItems", change=drop(f"{_ROW}.End")),
    Defect(
        name="a batch that breaks off in the middle is recorded by nobody",
        at=_AT,
        state="PaintItems",
        change=drop("Catch"),
    ),
    Defect(
        name="a batch that broke off is reported as if it had not",
        at=_AT,
        state="PaintItems",
        change=put("Catch.0.Next", "ReportBatch"),
    ),
    Defect(name="a batch that is painted is not reported", at=_AT, state="PaintItems", change=put("Next", "Succeed")),
    Defect(
        name="a batch without rows is painted",
        at=_AT,
        state="HasItems",
        change=put("Choices.0.Condition", "{% $batch.items = 0 %}"),
    ),
    Defect(name="a batch without rows is not reported", at=_AT, state="HasItems", change=put("Default", "Succeed")),
    Defect(
        name="what was prepared is looked for by another name",
        at=_AT,
        state="PrepareBatch",
        change=swap("$states.result.Payload.batch", "$states.result.Payload.batches"),
    ),
    Defect(
        name="the preparing handler is not told what is asked",
        at=_AT,
        state="PrepareBatch",
        change=drop("Arguments.Payload.input"),
    ),
    Defect(
        name="the preparing handler is not told whose execution it is",
        at=_AT,
        state="PrepareBatch",
        change=drop("Arguments.Payload.execution"),
    ),
    Defect(
        name="a batch is prepared in less time than its handler has",
        at=_AT,
        state="PrepareBatch",
        change=put("TimeoutSeconds", 120),
    ),
    Defect(
        name="a batch is reported by another name than its handler reads",
        at=_AT,
        state="ReportBatch",
        change=put("Arguments.Payload", {"report": "{% $batch %}"}),
    ),
    Defect(name="a report that fails is recorded by nobody", at=_AT, state="ReportBatch", change=drop("Catch")),
    Defect(name="a report is not tried again where Lambda is busy", at=_AT, state="ReportBatch", change=drop("Retry")),
    Defect(name="the whole batch ends before its rows may", at=_AT, state="*", change=put("TimeoutSeconds", 3_600)),
    Defect(name="a batch may run for ever", at=_AT, state="*", change=drop("TimeoutSeconds")),
    Defect(
        name="batches are executions of another kind",
        at=_AT,
        change=put("Properties.StateMachineType", "EXPRESS"),
    ),
    Defect(
        name="the batches' machine is called otherwise than its role says",
        at=_AT,
        change=put("Properties.StateMachineName", "atelier-dev-batch"),
    ),
    Defect(name="batches are not logged", at=_AT, change=drop("Properties.LoggingConfiguration")),
    Defect(
        name="clients' prompts are in a log",
        at=_AT,
        change=put("Properties.LoggingConfiguration.IncludeExecutionData", True),
    ),
)
