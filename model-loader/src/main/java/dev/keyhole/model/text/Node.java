package dev.keyhole.model.text;

/** A statement of a template. */
interface Node {

    void run(Frame frame, Output out);
}
