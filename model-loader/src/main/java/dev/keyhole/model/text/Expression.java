package dev.keyhole.model.text;

/** Something that a template computes. */
interface Expression {

    Object in(Frame frame);
}
