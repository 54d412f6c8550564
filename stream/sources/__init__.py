"""Where frames come from: cameras, network streams, video files and folders of pictures, behind one protocol."""
