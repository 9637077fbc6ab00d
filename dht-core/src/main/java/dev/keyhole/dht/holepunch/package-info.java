/** What two peers behind firewalls tell each other, and how they open a way between them. */
@NullMarked
package dev.keyhole.dht.holepunch;

import org.jspecify.annotations.NullMarked;
