// A program on the feed by whatever way there is, which prints what it is told: one line of JSON each.

import { connect } from "./feed.mjs";
import { AnySocket } from "./socket.js";
import "./websocket.mjs";

const [url, topics] = process.argv.slice(2);
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
const options = { topics: topics.split(","), since: { cam1: { epoch: "", seq: 0 } } };
const feed = connect(url, { ...options, WebSocket: AnySocket, onConnection: (connected) => print({ connected }) });
for await (const { topic, body, missed, lost } of feed) print({ topic, body, missed, lost });
