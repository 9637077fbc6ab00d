/** Our programs and the original ones, each in a process of its own, over loopback. */
package dev.keyhole.examples.interop;
