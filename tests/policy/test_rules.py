"""The model of a rule, and what a policy costs those who have none."""

import subprocess
import sys
from pathlib import Path
from typing import get_args

from reconciler.policy import Policy, compile_policy, offences
from reconciler.resources import KINDS, PolicyRule
from tests.parts.values import Nowhere, inputs, server, snapshot, state
from tests.policy.rules import rule

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_a_rule_may_name_every_kind_there_is() -> None:
    (listed, _none) = get_args(PolicyRule.model_fields["kinds"].annotation)
    assert set(get_args(get_args(listed)[0])) == set(KINDS)


def test_without_rules_nothing_is_judged() -> None:
    assert not compile_policy(())
    assert Policy().on_resource(server("crm")) == ()
    assert not inputs([], snapshot(), state()).policy


def test_rules_are_compiled_once_and_judge_many() -> None:
    policy = compile_policy([rule(cel='resource.name.startsWith("a")')])
    names = [name for name in ("ab", "b", "ac") if policy.on_resource(server(name))]
    assert names == ["b"]


def test_manifests_without_a_policy_load_no_engine() -> None:
    program = (
        "import sys; from pathlib import Path; from reconciler.manifests import load; "
        f"assert load([Path({str(EXAMPLES / 'acme')!r})]).desired; "
        "print(*[m for m in ('reconciler.policy.expressions', 'jsonschema', 'cel_expr_python')"
        " if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert run.stdout.strip() == b""


def test_a_policy_of_schemas_loads_no_cel() -> None:
    program = (
        "import sys; from reconciler.policy import compile_policy; "
        "from reconciler.resources import PolicyRule; "
        "r = PolicyRule(name='a', on='resource', action='deny', message='m', schema={}); "
        "compile_policy([r]); print('cel_expr_python' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert run.stdout.strip() == b"False"


def test_offences_are_in_the_order_of_the_files() -> None:
    from reconciler.resources import Desired, Workspace, WorkspaceSpec

    spec = WorkspaceSpec.model_validate({"provider": "dust", "workspaceId": "w", "region": "eu"})
    resources = {item.address: item for item in (server("b"), server("a"))}
    desired = Desired(workspace=Workspace(name="acme", spec=spec), resources=resources, digest="")
    found = offences(desired, compile_policy([rule(cel="false")]), Nowhere())
    assert [item.address for item in found] == ["MCPServer/a", "MCPServer/b"]
    assert all(item.help for item in found)
