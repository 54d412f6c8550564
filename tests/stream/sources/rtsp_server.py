"""A small RTSP camera for the tests: GStreamer's RTSP server around one test pipeline, with an optional password.

Run by the system's python3, because Debian ships GStreamer's bindings for that one only; it imports nothing of the project.
Prints `ready PORT` once it listens at `/cam`, and serves until it is killed.
"""

from __future__ import annotations

import argparse

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

CODECS = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 ! rtph264pay config-interval=-1",
    "mjpeg": "jpegenc ! rtpjpegpay",
}


def caps(width: int, height: int) -> str:
    """Raw video of one size at 25 frames a second, as GStreamer caps."""
    return f"video/x-raw,format=I420,width={width},height={height},framerate=25/1"


def played(path: str) -> GstRtspServer.RTSPMediaFactory:
    """A Matroska file with H.264 behind the mount point, sent by its stamps."""
    media = GstRtspServer.RTSPMediaFactory()
    launch = f"filesrc location={path} ! matroskademux ! h264parse ! rtph264pay config-interval=-1 name=pay0 pt=96"
    media.set_launch(f"( {launch} )")
    media.set_shared(True)
    return media


def factory(arguments: argparse.Namespace) -> GstRtspServer.RTSPMediaFactory:
    """The media behind the mount point: a moving ball, encoded, which may change its size after a while."""
    media = GstRtspServer.RTSPMediaFactory()
    width, height = arguments.size
    media.set_launch(
        f"( videotestsrc is-live=true pattern=ball ! capsfilter name=raw caps={caps(width, height)} "
        f"! {CODECS[arguments.codec]} name=pay0 pt=96 )"
    )
    media.set_shared(True)

    def change_size(raw: Gst.Element) -> bool:
        raw.set_property("caps", Gst.Caps.from_string(caps(*arguments.then_size)))
        return GLib.SOURCE_REMOVE

    def on_configure(_: GstRtspServer.RTSPMediaFactory, configured: GstRtspServer.RTSPMedia) -> None:
        if arguments.then_size:
            GLib.timeout_add(1500, change_size, configured.get_element().get_by_name("raw"))

    media.connect("media-configure", on_configure)
    return media


def guard(server: GstRtspServer.RTSPServer, media: GstRtspServer.RTSPMediaFactory, arguments: argparse.Namespace) -> None:
    """Let only one user in, by basic or digest authentication."""
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    if arguments.auth == "basic":
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(arguments.user, arguments.password), token)
    else:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(arguments.user, arguments.password, token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    for right in ("media.factory.access", "media.factory.construct"):
        permissions.add_permission_for_role("viewer", right, True)
    media.set_permissions(permissions)


def size(text: str) -> tuple[int, int]:
    """Read `640x480`."""
    width, height = text.split("x")
    return int(width), int(height)


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", default="0")
    parser.add_argument("--size", type=size, default=(320, 240))
    parser.add_argument("--then-size", type=size)
    parser.add_argument("--file")
    parser.add_argument("--codec", choices=CODECS, default="h264")
    parser.add_argument("--auth", choices=("none", "basic", "digest"), default="none")
    parser.add_argument("--user", default="viewer")
    parser.add_argument("--password", default="")
    arguments = parser.parse_args()

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(arguments.port)
    media = played(arguments.file) if arguments.file else factory(arguments)
    if arguments.auth != "none":
        guard(server, media, arguments)
    server.get_mount_points().add_factory("/cam", media)
    server.attach(None)
    print("ready", server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
