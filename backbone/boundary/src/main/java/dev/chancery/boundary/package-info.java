/**
 * Where every call enters: the order in which a call is judged before its command runs or its view answers ({@link
 * dev.chancery.boundary.Pipeline}), and how refusals look outside ({@link dev.chancery.boundary.Problem}).
 *
 * <p>{@code http} and {@code grpc} receive calls, {@code admission} bounds them, {@code tokens} says who calls; {@code
 * dev.chancery.command} runs what was asked.
 */
@NullMarked
package dev.chancery.boundary;

import org.jspecify.annotations.NullMarked;
