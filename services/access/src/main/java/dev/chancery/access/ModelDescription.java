package dev.chancery.access;

import dev.chancery.command.BoundaryRejection;
import dev.chancery.command.ReadContext;
import dev.chancery.command.RefusedException;
import dev.chancery.decision.Authority;
import dev.chancery.decision.DecisionPoint;
import dev.chancery.decision.RoleModel;
import dev.chancery.keyring.Keyring;
import dev.chancery.schema.Contract;
import dev.chancery.schema.access.v1.CapabilityDefined;
import dev.chancery.schema.access.v1.DescribeModelReply;
import dev.chancery.schema.access.v1.DescribeModelRequest;
import dev.chancery.schema.access.v1.GroupDefined;
import dev.chancery.schema.access.v1.ModelEntry;
import dev.chancery.schema.access.v1.ModelEntryKind;
import dev.chancery.schema.access.v1.RoleDefined;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The role model in the words of who defined it. */
final class ModelDescription {
    private static final int MAX_SIZE = 200;
    private static final int DEFAULT_SIZE = 100;

    private final DecisionPoint decisions;
    private final Keyring keyring;
    private final Contract contract;

    ModelDescription(DecisionPoint decisions, Keyring keyring, Contract contract) {
        this.decisions = decisions;
        this.keyring = keyring;
        this.contract = contract;
    }

    /** In the order of kinds, then names; the page's token is the last entry's key. */
    DescribeModelReply describe(ReadContext context, DescribeModelRequest request) throws RefusedException {
        int size = request.getPageSize() == 0 ? DEFAULT_SIZE : request.getPageSize();
        if (Integer.compareUnsigned(size, MAX_SIZE) > 0) {
            throw new RefusedException(AccessRejection.PAGE_SIZE);
        }
        TreeMap<String, Supplier<String>> entries =
                entries(context.tenant(), context.principal().id());
        var reply = DescribeModelReply.newBuilder();
        String last = request.getPage();
        for (Map.Entry<String, Supplier<String>> entry :
                entries.tailMap(last, false).entrySet()) {
            if (reply.getEntriesCount() == size) {
                return reply.setNextPage(last).build();
            }
            last = entry.getKey();
            reply.addEntries(ModelEntry.newBuilder()
                    .setKindValue(last.charAt(0) - '0')
                    .setName(last.substring(2))
                    .setDescription(entry.getValue().get()));
        }
        return reply.build();
    }

    private TreeMap<String, Supplier<String>> entries(String tenant, String caller) throws RefusedException {
        Authority authority = decisions
                .authority(tenant, caller, OptionalLong.empty(), Duration.ZERO)
                .orElseThrow(() -> new RefusedException(BoundaryRejection.STALE))
                .authority();
        RoleModel model = authority.roleModel();
        TreeMap<String, Supplier<String>> entries = new TreeMap<>();
        model.capabilities()
                .forEach((name, own) -> entries.put(
                        key(ModelEntryKind.MODEL_ENTRY_KIND_CAPABILITY, name),
                        () -> Descriptions.open(
                                keyring, tenant, CapabilityDefined.getDescriptor(), own.description())));
        authority
                .contract()
                .capabilities()
                .forEach(name -> entries.put(
                        key(ModelEntryKind.MODEL_ENTRY_KIND_CAPABILITY, name),
                        () -> contract.described(name).description()));
        model.groups()
                .forEach((name, group) -> entries.put(
                        key(ModelEntryKind.MODEL_ENTRY_KIND_GROUP, name),
                        () -> Descriptions.open(keyring, tenant, GroupDefined.getDescriptor(), group.description())));
        model.roles()
                .forEach((name, role) -> entries.put(
                        key(ModelEntryKind.MODEL_ENTRY_KIND_ROLE, name),
                        () -> Descriptions.open(keyring, tenant, RoleDefined.getDescriptor(), role.description())));
        return entries;
    }

    private static String key(ModelEntryKind kind, String name) {
        return kind.getNumber() + "." + name;
    }
}
