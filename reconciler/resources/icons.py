"""Icons that the platform can show for a remote server: `Action<X>Icon` for each X below.

Source: Dust, `front/components/resources/resources_icon_names.ts`. The API stores any string, so
the list is checked here.
"""

from typing import Annotated

from pydantic import AfterValidator, Field

_STEMS = """
Armchair ArrowDownOnSquare ArrowUpOnSquare Atom Attachment Bank Barcode Beer BookOpen Braces
Brain Briefcase Building Calculator Calendar CalendarCheck Camera Car Card
ChatBubbleBottomCenterText ChatBubbleThought CheckCircle Clipboard CloudArrowDown
CloudArrowLeftRight CloudArrowUp CodeBlock CodeBox Command Command1 Community Company Cube
Cup CustomerService Dashboard Database Document DocumentPile DocumentPlus DocumentText
DoubleQuotes EmotionLaugh ExternalLink Eye EyeSlash Film Filter Fire Flag FlightLand
FlightTakeoff Folder FolderAdd FolderOpen Frame Fullscreen FullscreenExit Gamepad GitBranch
GitFork Globe GlobeAlt GraduationCap HandHeart HandThumbDown HandThumbUp Heart Home Hospital
Identity Image Inbox Include Layout Lightbulb List ListCheck Lock Logout Magic
MagnifyingGlass Mail MailAi MailClose Map MapPin MarkPen Medal Megaphone Menu Mic Moon Movie
Noise Numbers Paint PencilSquare PieChart PinDistance PingPong Planet Plus PlusCircle
Printer Pushpin Rainbow Robot Rocket Safe Save Scales Scan Seedling Server ShakeHands Ship
Shirt ShoppingBasket Slideshow Sparkles Speak Square3Stack3D StopSign Store Sun Sword TShirt
Table Tag TestTube Time Train Translate Trash Trophy Umbrella User UserGroup Vidicon
VolumeUp XCircle
"""

ICONS: tuple[str, ...] = tuple(f"Action{stem}Icon" for stem in _STEMS.split())
_KNOWN = frozenset(ICONS)


def _known(name: str) -> str:
    if name not in _KNOWN:
        raise ValueError("not an icon of the platform")
    return name


IconName = Annotated[
    str,
    AfterValidator(_known),
    Field(
        json_schema_extra={"enum": list(ICONS)},
        description="One of the platform's icons.",
        examples=["ActionGitBranchIcon"],
    ),
]
