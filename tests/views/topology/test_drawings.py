"""Mermaid, DOT and JSON of a graph: held to golden files, and read by the real programs."""

import json
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from reconciler.views.topology import Side, Topology, dot, graph_json, mermaid
from reconciler.workflows.graph_documents import GraphDocument
from tests.parts.npm_packages import NPM
from tests.parts.peers import need_npm, need_program
from tests.views.golden_files import assert_golden
from tests.views.topology.scenes import HOSTILE, exposure, hostile

if TYPE_CHECKING:
    from playwright.sync_api import Page

TINY = NPM / "node_modules" / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js"


def _json(graph: Topology, side: Side) -> str:
    return json.dumps(graph_json(graph, side), indent=2, ensure_ascii=False) + "\n"


LANGUAGES: dict[str, Callable[[Topology, Side], str]] = {
    "mmd": mermaid,
    "dot": dot,
    "json": _json,
}
SCENES = {
    f"{name}-{side.value}": (make, side)
    for name, make, sides in (("exposure", exposure, Side), ("hostile", hostile, [Side.AFTER]))
    for side in sides
}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scene", SCENES)
def test_a_graph_is_drawn_as_agreed(scene: str, language: str) -> None:
    make, side = SCENES[scene]
    assert_golden(f"topology/{scene}.{language}", LANGUAGES[language](make(), side))


@pytest.mark.parametrize("scene", SCENES)
def test_the_json_is_what_its_schema_says(scene: str) -> None:
    make, side = SCENES[scene]
    GraphDocument.model_validate(graph_json(make(), side))


def _graphviz(text: str) -> Any:
    program = need_program("dot")
    done = subprocess.run(
        [program, "-Tjson"], input=text, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


def _drawn_texts(found: Any) -> set[str]:
    """What graphviz writes into nodes and clusters, line by line."""
    return {
        piece["text"] for part in found["objects"] for piece in part["_ldraw_"] if "text" in piece
    }


@pytest.mark.parametrize("scene", SCENES)
def test_graphviz_draws_every_node_and_edge(scene: str) -> None:
    make, side = SCENES[scene]
    graph = make().on(side)
    found = _graphviz(dot(graph, side))
    nodes = [part for part in found["objects"] if "nodes" not in part]
    assert len(nodes) == len(graph.nodes)
    assert len(found["edges"]) == len(graph.edges)


def test_graphviz_shows_every_hostile_name_letter_by_letter() -> None:
    found = _graphviz(dot(hostile(), Side.AFTER))
    assert set(HOSTILE) <= _drawn_texts(found)


_RENDER = """
async (text) => {
  mermaid.initialize({startOnLoad: false, securityLevel: "loose"});
  document.body.innerHTML = (await mermaid.render("drawn", text)).svg;
  const lines = (e) => [...e.querySelectorAll("p")].flatMap((p) => {
    const found = [""];
    for (const part of p.childNodes) {
      if (part.nodeName === "BR") found.push("");
      else if (part.nodeType === 3) found[found.length - 1] += part.data;
      else found.push("element " + part.nodeName);
    }
    return found;
  });
  return {
    nodes: [...document.querySelectorAll("g.node")].map(lines),
    edges: document.querySelectorAll("path.flowchart-link").length,
    strange: document.body.querySelectorAll("script, a, img, iframe, i").length,
  };
}
"""


def _plain(text: str) -> str:
    """Without what is put in, unseen, to keep letters apart."""
    return text.replace("\N{WORD JOINER}", "")


@pytest.mark.parametrize("scene", SCENES)
def test_mermaid_draws_every_node_and_edge_letter_by_letter(page: "Page", scene: str) -> None:
    need_npm("@mermaid-js/tiny")
    make, side = SCENES[scene]
    graph = make().on(side)
    page.add_script_tag(path=TINY)
    found = page.evaluate(_RENDER, mermaid(graph, side))
    first_lines = sorted(_plain(lines[0]).lstrip("+-~! ") for lines in found["nodes"])
    assert first_lines == sorted(node.title.lstrip("+-~! ") for node in graph.nodes)
    assert found["edges"] == len(graph.edges)
    assert found["strange"] == 0
