package dev.chancery.command;

import com.google.protobuf.Message;
import dev.chancery.kernel.Principal;
import dev.chancery.schema.ContractMethod;

/** A call of a method, by a caller who is known. */
record Call(ContractMethod method, Message request, Principal principal, Caller caller) {}
