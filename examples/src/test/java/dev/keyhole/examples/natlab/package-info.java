/** Real processes behind real NATs, made of network namespaces on one machine. */
package dev.keyhole.examples.natlab;
