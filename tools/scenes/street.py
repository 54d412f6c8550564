"""What the demo shows: a made-up street with signs of many kinds, and a walk along it.

Owns the signs' words and places, and the way of the camera.  Everything is drawn (clip, wall); nothing is a picture of anybody's.
"""

from __future__ import annotations

from glyphfeed.tools.scenes.clip import Scene, Sign, Waypoint, travel

SIZE, WALL = (960, 540), (2560, 1200)
WHITE, CREAM, BLACK = (244, 246, 246), (206, 232, 240), (28, 26, 26)
RED, GREEN, BLUE, NAVY = (44, 36, 186), (74, 118, 24), (150, 76, 22), (72, 40, 24)
AMBER, YELLOW, BROWN, CARDBOARD = (40, 178, 255), (70, 214, 250), (38, 56, 92), (112, 152, 186)
HALF_WAY_S = 5.0
MENU, MENU_CODE = (
    "https://example.com/luna",
    (
        "#######.##.#..#...#######",
        "#.....#.#..#....#.#.....#",
        "#.###.#.##...##.#.#.###.#",
        "#.###.#..#..##..#.#.###.#",
        "#.###.#.#.#.###.#.#.###.#",
        "#.....#...#...#.#.#.....#",
        "#######.#.#.#.#.#.#######",
        "............##.##........",
        "#..######..#....##..#.###",
        "###.##.##.##.#####.#####.",
        "##....#..##.##.###.###..#",
        "###.#....#....#..###.####",
        ".#...##....#...##.##....#",
        "##..#..##...#.###...#..#.",
        "###.#.#..#...####.#.#####",
        "#.###.......#.#..###.##.#",
        "#.#..##..#####..#####.##.",
        "........####..#.#...#.##.",
        "#######.#.#.##..#.#.#...#",
        "#.....#.#..#.#.##...#...#",
        "#.###.#.#####.#######....",
        "#.###.#.##..###.###....##",
        "#.###.#...##.#.#.#..#####",
        "#.....#...###..#...##.###",
        "#######.#.###...#.#..#..#",
    ),
)
"""A QR code (version 2, level M), dark modules as #; like the bars it was made by zxing-cpp, which the demo can do without."""
ARTICLE, ARTICLE_BARS = (
    "2012345678903",
    ("#.#...##.#..##..#..##.##.#....#.#...##.###..#.#.#.#.#....#...#..#..#...###.#..###..#.#....#.#.#",) * 40,
)
"""An EAN-13 of the numbers that shops give out for themselves."""

SIGNS = (
    Sign("CAFÉ LUNA", (420, 170), 88, ink=CREAM, paper=(52, 70, 30), font="italic", weight=700),
    Sign("OPEN", (150, 440), 54, ink=WHITE, paper=RED, weight=700),
    Sign("Espresso\n2.80 €", (640, 470), 46, -6, ink=BLACK, paper=YELLOW, font="uni"),
    Sign("Fresh soup\nevery day", (390, 560), 44, ink=WHITE, paper=(50, 52, 48), font="italic", weight=400),
    Sign("HOTEL", (955, 400), 84, 90, ink=WHITE, paper=NAVY, weight=700),
    Sign("Zürcher Allee", (1290, 160), 58, ink=WHITE, paper=BLUE, weight=500),
    Sign("SALE 25%", (1320, 430), 78, -20, ink=WHITE, paper=RED, weight=800),
    Sign("BOOKS", (1440, 650), 110, ink=(92, 34, 84), paper=None, weight=800),
    Sign("FRAGILE", (1090, 790), 60, 180, ink=BLACK, paper=CARDBOARD, weight=800),
    Sign("Berlin 10:42", (2060, 210), 66, ink=AMBER, paper=BLACK, font="uni", end_s=HALF_WAY_S),
    Sign("München 10:57", (2060, 210), 66, ink=AMBER, paper=BLACK, font="uni", begin_s=HALF_WAY_S),
    Sign("Platform 9", (1960, 400), 58, ink=WHITE, paper=BLUE, weight=600),
    Sign("EXIT", (2300, 400), 62, ink=WHITE, paper=GREEN, weight=700),
    Sign("NO\nPARKING", (1920, 640), 60, ink=RED, paper=WHITE, weight=800),
    Sign(MENU, (390, 370), 125, ink=BLACK, paper=WHITE, modules=MENU_CODE, care=False),
    Sign(ARTICLE, (1500, 815), 120, ink=BLACK, paper=WHITE, modules=ARTICLE_BARS, care=False),
    Sign("Please ring the bell", (2310, 650), 34, ink=NAVY, paper=CREAM, weight=500),
)

WALK = (
    Waypoint(0.0, (510, 330), 0.98),
    Waypoint(1.8, (620, 440), 0.94, 2.0),
    Waypoint(3.4, (1250, 420), 0.84, -3.0),
    Waypoint(4.5, (2000, 320), 0.95, 1.0),
    Waypoint(5.6, (1990, 330), 1.02, 1.0),
    Waypoint(7.0, (2000, 530), 0.90, -2.0),
    Waypoint(8.8, (1300, 580), 0.80, 3.0),
    Waypoint(10.0, (1240, 600), 0.84, 0.0),
)


def demo_scene() -> Scene:
    """Ten seconds of a walk along the street."""
    return Scene(signs=SIGNS, camera=travel(SIZE, WALK, seed=3), size=SIZE, wall=WALL, seconds=10.0)
