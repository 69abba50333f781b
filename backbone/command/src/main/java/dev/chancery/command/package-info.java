/**
 * The life of a command, once for all features: authenticate, look up the contract, authorise, record the intent, decide, record
 * the outcome, answer. {@link dev.chancery.command.Pipeline} is that life; {@link dev.chancery.command.RestApi} and
 * {@link dev.chancery.command.GrpcApi} are its two doors; a feature brings {@link dev.chancery.command.Handler}s.
 *
 * <p><b>Promises.</b> Actor, tenant and workspace come from the verified token. A privileged method decides nothing before its signed
 * intent is durable. A refusal says a stable code and gives nothing away.
 */
@NullMarked
package dev.chancery.command;

import org.jspecify.annotations.NullMarked;
