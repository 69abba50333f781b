/**
 * The life of a command, once for all features: authorise, record the intent, decide, record the outcome. {@link
 * dev.chancery.command.CommandRun} is that life; a feature brings {@link dev.chancery.command.Handler}s, bound to the contract in
 * {@link dev.chancery.command.Methods}. Calls arrive from {@code dev.chancery.boundary}, authenticated.
 *
 * <p><b>Promises.</b> Actor, tenant and workspace come from the verified token. A privileged method decides nothing before its signed
 * intent is durable. A refusal says a stable code and gives nothing away.
 */
@NullMarked
package dev.chancery.command;

import org.jspecify.annotations.NullMarked;
