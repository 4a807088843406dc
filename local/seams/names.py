"""The names of ministack that the local cloud depends on, checked before anything runs."""

import importlib
import importlib.metadata
import inspect
from operator import attrgetter
from types import ModuleType

from local.errors import LocalCloudError
from local.seams.stores import STORES

VERSION = "1.5.33"


def _kept(module: str) -> dict[str, str | None]:
    return dict.fromkeys(f"_{store}" for store in STORES[module])


# module -> name (of a class's method: with a dot) -> parameters of a function we call or replace; None for data.
REQUIRED: dict[str, dict[str, str | None]] = {
    "ministack.app": {
        **dict.fromkeys(("AUTH", "SERVICE_HANDLERS", "SERVICE_REGISTRY", "_loaded_modules", "_state_map")),
        "_get_module": "name",
        "app": "scope receive send",
        "pin_request_origin": "source_ip secure_transport",
    },
    "ministack.core.router": {
        "SERVICE_PATTERNS": None,
        "extract_access_key_id": "headers query_params",
        "detect_service": "method path headers query_params",
    },
    "ministack.core.persistence": {"_json_default": "obj", "_json_object_hook": "obj"},
    "ministack.core.responses": {
        "AccountRegionScopedDict": None,
        "AccountScopedDict": None,
        "error_response_json": "code message status extra message_key content_type",
        "json_response": "data status content_type",
        "now_iso": "",
        "get_account_id": "",
        "new_uuid": "",
        "request_scope": "account_id region",
    },
    "ministack.core.arn": {"parse_arn": "value"},
    "ministack.core.concurrency": {"run_reentrant": "fn args thread_name"},
    "ministack.core.iam_actions": {
        "SERVICE_TO_IAM_NAMESPACE": None,
        "extract_iam_action": "service method path headers body query_params",
        "extract_resource_arn": "service method path headers body query_params region account_id",
        "request_tag_context": "service iam_action body params",
        "s3_service_context": "iam_action query_params path headers",
        "access_denied_response": (
            "service action principal_arn request_id error_code message headers resource_arn explicit_deny resource_policy_arn"
        ),
        "identity_denial_message": "action principal_arn resource explicit_deny",
    },
    "ministack.core.iam_evaluator": {
        "EvalContext": None,
        "_request_origin": None,
        "AuthError": None,
        "enforce": "access_key_id iam_action service region resource_arn service_context",
        "evaluate": "ctx policies limits",
        "_gather_role_policies": "role_name account_id",
        "pin_request_origin": "source_ip secure_transport",
        "_service_principal_matches": "principal service",
        "_permissions_boundary": "store name account_id",
        "_resource_policy": "service resource_arn",
        "combine_resource_policy": "identity ctx policy owner_account required limits",
        "evaluate_resource_policy": "doc ctx service named_only direct_only",
    },
    "ministack.core.lambda_runtime": {
        "_PYTHON_WORKER_SCRIPT": None,
        "Worker": "func_name config code_zip",
        "Worker._spawn": "self",
        "Worker._drain_stderr_bounded": "self first_line_wait idle_confirm hard_cap",
        "Worker.invoke": "self event request_id trace_id depth durable invoked_function_arn",
        "execution_credentials": "config",
        **dict.fromkeys(("_LOCAL_WORKER_TTL", "_lock", "_workers")),
        "kill_workers": "workers",
    },
    "ministack.services.iam": {"_roles": None},
    "ministack.services.ecr": {
        "_repositories": None,
        "_describe_images": "data",
        "_put_image": "data",
        "_find_image": "repo_name image_id",
    },
    "ministack.services.lambda_svc": {
        "_execute_function_warm": "func event request_id",
        "_execute_function_with_config_scope": "func event",
        "_execute_function_dispatch": "func config event request_id started",
        "_acquire_execution_slot": "func config",
        "_emit_lambda_metrics": "function_name duration_ms error throttle",
        "_execution_record_for_config": "func config",
        "_get_func_record_for_ref_in_scope": "function_ref account_id region",
        "_route_async_failure": "target_arn func_name event result",
        "_throttle_response": "reason_code msg retry_after",
        "acquire_worker": "func_name config code_zip qualifier max_concurrency",
        "invoke_async_with_retry": "func event",
        **dict.fromkeys(("_ACCOUNT_CONCURRENCY_CAP", "_functions")),
    },
    "ministack.services.apigateway_v1": {
        **dict.fromkeys(("_account_settings", "_api_keys", "_rest_apis", "_usage_plan_keys")),
        "_api_key_from_request": "headers",
        "_execute_in_scope": (
            "request api_id stage_name method path headers body query_params owner_account_id owner_region"
        ),
        "_invoke_authorizer_lambda": "authorizer event account_id region",
        "_create_usage_plan_key": "plan_id data",
        "_resolve_api_key": "value",
        "_update_api_key": "key_id data",
        "_v1_error": "code message status",
        "_extract_lambda_ref_from_integration_uri": "uri",
        "_deployed_gateway_responses": None,
        "_gateway_error_response": "error request",
        "_gw_error": "response_type message",
        "_lambda_proxy_response": "result",
        "find_api_scope": "api_id",
        "stages_for_api": "api_id",
        "_invoke_lambda_proxy_v1": (
            "integration api_id stage_name stage resource request_path method headers body query_params path_params "
            "owner_account_id owner_region binary_media_types authorizer_context caller_identity"
        ),
    },
    "ministack.services.cloudwatch": {
        **dict.fromkeys(("_alarms", "_dashboards", "_metrics")),
        **_kept("cloudwatch"),
        **dict.fromkeys(("_evaluate_all_alarms", "_evict_old_metrics"), ""),
        **dict.fromkeys(("_put_metric_alarm", "_set_alarm_state"), "params cbor_data is_cbor is_json"),
        "_evaluate_alarm": "alarm",
        "_dispatch_alarm_actions": "alarm old_state new_state reason",
        "_metric_bucket": "key",
        "_dims_key": "dims",
        "_calc_stats": "points",
        "_stat_value": "stats stat_name points",
        "_p": "params key default",
        "cloudformation_delete_metric_alarm": "name refuse_dependents",
    },
    "ministack.services.cloudfront": {
        "_distributions": None,
        "handle_viewer_request": "dist method path raw_uri raw_query_string headers body query_params client_ip",
        "_forward_to_origin": (
            "origin method uri query_string headers body viewer_is_https client_ip viewer_x_forwarded_for"
        ),
    },
    "ministack.services.kms": {"_resolve_key": "key_id_or_arn"},
    "ministack.services.s3": {
        **dict.fromkeys(("_buckets", "_bucket_encryption", "_bucket_policies", "_object_versions")),
        "_bucket_default_sse_headers": "bucket_name",
        "_bucket_owner_account": "name",
        "_ensure_bucket": "name",
        "_error": "code message status resource extra headers",
        "serve_cloudfront_origin_fetch": "bucket_name key method headers source_arn oai_id",
        "_bucket_has_versions": "name",
        "_put_bucket_encryption": "name body",
        "_atomic_write": "fpath data text",
        "_object_disk_path": "bucket key account_id",
        "_persist_object": "bucket key obj",
        "_record_object_version": "bucket_name key prior_obj obj data",
        "_resolve_sse_write_headers": "headers bucket_name",
    },
    "ministack.services.sns": {
        "_topics": None,
        "topic_policy_allows": "topic_arn service source_arn source_account",
        "_deliver_to_lambda": "endpoint envelope topic_arn sub_arn msg_id raw_message message_attributes",
    },
    "ministack.services.sqs": {
        "_queue_by_arn": "arn",
        "_queue_name_to_url": None,
        "queue_policy_allows": "queue_arn service source_arn source_account",
    },
    "ministack.services.dynamodb": {
        "_tables": None,
        "_update_ttl": "data",
        "_sse_description_from_spec": "spec",
        **_kept("dynamodb"),
        "_set_item": "table pk_val sk_val item",
        "_remove_item": "table pk_val sk_val",
        **dict.fromkeys(("_items_replaced", "_update_counts"), "table"),
    },
    "ministack.services.sts": _kept("sts"),
    "ministack.services.cloudwatch_logs": {
        **dict.fromkeys(("_log_events_lock", "_log_groups", "_log_records")),
        **_kept("cloudwatch_logs"),
        "load_persisted_state": "data",
    },
    "ministack.services.eventbridge": {
        "_put_events": "data allow_aws_source",
        "_events_log_list": "",
        "_rules": None,
        "_dispatch_to_lambda": "arn payload",
        "_invoke_target": "target event rule view",
    },
    "ministack.services.stepfunctions": {
        **dict.fromkeys(("_executions", "_state_machines", "_task_tokens", "_ExecutionError", "_SERVICE_DISPATCH")),
        **dict.fromkeys(("_AWS_SDK_SERVICE_MAP", "_AWS_SDK_ERROR_PREFIX")),
        **_kept("stepfunctions"),
        "_jsonata_wait_seconds": "state_def raw_input ctx",
        "_send_task_failure": "data",
        "new_uuid": "",
        "_prefix_sdk_error": "service_name error_code",
        "_run_execution": "exec_arn",
        **dict.fromkeys(("_start_execution", "_start_sync_execution", "_send_task_success"), "data"),
        "_describe_execution": "data",
        "handle_request": "method path headers body query_params",
        "_finalize_response": "response",
        "_add_event": "execution event_type details",
        "_apply_state_assign": "state_def raw_input ctx result error_output",
        **dict.fromkeys(("_execute_task", "_execute_parallel", "_execute_map"), "state_def raw_input execution ctx"),
        **dict.fromkeys(("_execute_pass", "_execute_choice", "_execute_wait"), "state_def raw_input ctx"),
        "_fail_state_error": "state_def raw_input ctx",
        "_map_runs": None,
        "_run_distributed_map": "state_def raw_input effective iterator execution ctx",
        "_run_sub_machine": "states start_at input_data execution ctx",
        "_parse_reader_items": "text config",
        "_jsonata_state_field": "state_def field expected raw_input ctx",
        "_apply_jsonata_template": "value raw_input ctx result error_output",
        "_apply_jsonata_output": "state_def raw_input ctx result error_output default",
        "_next_or_end": "state_def",
        "_stop_execution": "data",
        "_apply_input_path": "state_def data ctx",
        "_apply_output_path": "state_def data ctx",
        "_fail_execution": "execution error cause",
        "_emit_execution_status_event": "execution",
        "_invoke_resource": "resource input_data",
        "_invoke_resource_with_timeout": "resource input_data timeout",
        "_invoke_with_callback": "resource input_data token state_def",
        "_call_lambda": "func_ref event",
        "_api_name_to_sfn_key": "name",
        "_invoke_aws_sdk_integration": "resource input_data",
    },
    "ministack.services.cloudformation.provisioners": {
        "_RESOURCE_HANDLERS": None,
        "_cw_metric_alarm_record": "name props",
        "_physical_name": "stack_name logical_id lowercase max_len seeded",
    },
    "ministack.services.cloudformation": {"_stacks": None},
    "ministack.services.cloudformation.changesets": {
        "_resolve_props_for_diff": "template params stack_name stack_id",
    },
    "ministack.services.cloudformation.stacks": {
        "_runs_on_worker_thread": "resource_type",
        "_provision_resource": "resource_type logical_id props stack_name",
        "_update_resource": "resource_type physical_id old_props new_props stack_name logical_id old_attrs",
        "_delete_resource": "resource_type physical_id props stack_name logical_id",
    },
    "ministack.services.cloudformation.custom_resource": {
        "_HOST": None,
        "deliver_response": "token response",
    },
}


class SeamMovedError(LocalCloudError):
    """The installed ministack is not the one the local cloud was written for."""


def check(required: dict[str, dict[str, str | None]] = REQUIRED) -> None:
    """Raise SeamMovedError that lists every name that is missing or takes other parameters."""
    installed = importlib.metadata.version("ministack")
    problems = [] if installed == VERSION else [f"version: got {installed}; allowed: {VERSION}"]
    for module_name, names in required.items():
        try:
            module = importlib.import_module(module_name)
        except ImportError as error:
            problems.append(f"{module_name}: {error}")
            continue
        problems += [problem for name, parameters in names.items() if (problem := _problem(module, name, parameters))]
    if problems:
        raise SeamMovedError("ministack moved under the local cloud:\n  " + "\n  ".join(problems))


def _problem(module: ModuleType, name: str, parameters: str | None) -> str | None:
    try:
        attribute = attrgetter(name)(module)
    except AttributeError:
        return f"{module.__name__}.{name}: missing"
    if parameters is None:
        return None
    got = " ".join(inspect.signature(attribute).parameters)
    return None if got == parameters else f"{module.__name__}.{name}: got parameters ({got}); allowed: ({parameters})"
