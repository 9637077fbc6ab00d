/** Networks of thousands of whole nodes in virtual time, with NATs, churn, loss and hostility. */
@NullMarked
package dev.keyhole.dht.scale;

import org.jspecify.annotations.NullMarked;
