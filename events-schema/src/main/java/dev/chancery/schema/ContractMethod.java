package dev.chancery.schema;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Message;
import dev.chancery.schema.options.v1.RateClass;
import java.util.List;

/**
 * One rpc, and what the contract declares about it.
 *
 * @param fullName as gRPC names it, e.g. {@code chancery.access.v1.AccessService/AssignRole}
 * @param feature the feature that serves it, e.g. {@code access}
 * @param capability what its caller must hold, {@code resource:verb}; empty exactly where {@code isPublic}
 * @param widenedBy capabilities that let its caller do more with it, by its own rules
 * @param auditAction what the log calls it; empty where it writes nothing
 * @param privileged its signed intent is durable before anything is decided
 * @param stepUpSeconds oldest acceptable strong authentication; 0: none asked
 * @param isPublic needs no authentication
 * @param instanceOnly exists in the log of the tenant {@code instance} only
 * @param httpMethod {@code GET} or {@code POST}
 * @param requestPrototype default instance of the request's generated class
 * @param replyPrototype default instance of the reply's generated class
 * @param replyIsConfidential the reply has a field of a class above INTERNAL, at any depth: it is never kept in a receipt, never logged
 */
public record ContractMethod(
        String fullName,
        String feature,
        String capability,
        List<String> widenedBy,
        String auditAction,
        boolean privileged,
        int stepUpSeconds,
        RateClass rateClass,
        boolean isPublic,
        boolean instanceOnly,
        String httpMethod,
        PathTemplate pathTemplate,
        Message requestPrototype,
        Message replyPrototype,
        boolean replyIsConfidential) {

    /** Full name of the service, e.g. {@code chancery.access.v1.AccessService}. */
    public String service() {
        return fullName.substring(0, fullName.indexOf('/'));
    }

    /** Name within the service, e.g. {@code AssignRole}. */
    public String name() {
        return fullName.substring(fullName.indexOf('/') + 1);
    }

    public Descriptor input() {
        return requestPrototype.getDescriptorForType();
    }

    public Descriptor output() {
        return replyPrototype.getDescriptorForType();
    }

    /** Whether it leaves records in the log. */
    public boolean writes() {
        return !auditAction.isEmpty();
    }
}
