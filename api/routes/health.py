"""Whether the service runs, whether it can work, what it counts."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import Response

from api import schemas
from api.access import needs
from api.errors import Refusal
from api.metrics import MEDIA_TYPE
from api.permissions import ANYBODY, within
from api.release import release
from api.routes.shared import router
from api.services import Services, services_of
from api.tables import answer
from engine.matching import default_matcher

routes = router("health", "")


def _told(status: str) -> Response:
    return answer({"status": status, "version": release()})


@routes.get("/health", response_model=schemas.Health)
@needs(ANYBODY)
async def health(request: Request) -> Response:
    """Say that the process answers."""
    return _told("ok")


@routes.get("/ready", response_model=schemas.Health)
@needs(ANYBODY)
def ready(request: Request) -> Response:
    """Say that the database answers and the policy loads, which runs the rule engine."""
    services = services_of(request)
    services.store.ping()
    services.workshop.policy()
    return _told("ready")


@routes.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {"description": "Prometheus text.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    },
)
@needs(ANYBODY)
async def metrics(request: Request) -> Response:
    """Give the counters in the Prometheus text format, to a superuser unless `metrics_public` is set."""
    services = services_of(request)
    if not services.settings.metrics_public:
        principal = request.state.principal
        if principal is None:
            raise Refusal("not_signed_in")
        if not (principal.account.superuser and within(principal.scopes, "superuser")):
            raise Refusal("not_allowed", "Metrics are for superusers; see the setting metrics_public.")
    return Response(services.metrics.text(_gauges(services)), media_type=MEDIA_TYPE)


def _gauges(services: Services) -> dict[str, tuple[str, float]]:
    return {
        "mra_results_kept": ("Results kept in memory.", float(len(services.results))),
        "mra_matcher_running": (
            "Whether the matching process is up.", float(default_matcher().child_pid is not None),
        ),
    }  # fmt: skip
