/**
 * The story behind {@code ./chancery demo}: one fresh instance and about forty steps, each of which checks its result. Also an example of
 * a program that uses Chancery over REST, gRPC and AuthZEN.
 *
 * <p><b>Guarantees.</b> The exit code is 0 only if every step passed. Whatever the story started has ended by then, also after Ctrl-C or
 * TERM. No personal value of {@link dev.chancery.story.Cast} is ever printed.
 *
 * <p><b>Does not guarantee.</b> After a {@code kill -9} of the story itself, the instance it started goes on until it is stopped.
 */
@NullMarked
package dev.chancery.story;

import org.jspecify.annotations.NullMarked;
