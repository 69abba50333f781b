/**
 * Which hosts a workspace's programs reach: the lists, the overrides, and the answer to whether a URL may be reached. {@code
 * backbone/firewall} decides; what it decides by is folded from the log.
 */
@NullMarked
package dev.chancery.egress;

import org.jspecify.annotations.NullMarked;
