package dev.chancery.feature;

import dev.chancery.command.Methods;
import dev.chancery.database.DatabaseRole.Group;
import dev.chancery.decision.Part;
import dev.chancery.kernel.Rejection;
import dev.chancery.schema.Contract;
import dev.chancery.schema.ContractMethod;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** What must be there before a process starts; each complaint names the feature and what it lacks. */
public final class FeatureCheck {
    private final List<FeatureDescription> features;
    private final Contract contract;

    public FeatureCheck(List<FeatureDescription> features, Contract contract) {
        this.features = features;
        this.contract = contract;
    }

    /**
     * Checks the descriptions against one another and the contract.
     *
     * @param others features of the contract that the application serves itself
     * @throws IncompleteFeature at the first that lacks something
     */
    public void descriptions(Set<String> others) {
        Map<String, FeatureDescription> byName = new HashMap<>();
        Map<String, String> codes = new HashMap<>();
        for (FeatureDescription feature : features) {
            String name = feature.name();
            require(byName.put(name, feature) == null, name, "is on the class path twice");
            require(feature.databaseRole().name().equals(name), name, "its database role has another name");
            for (Rejection rejection : feature.rejections()) {
                String other = codes.put(rejection.code(), name);
                require(other == null, name, "its rejection " + rejection.code() + " is also one of " + other);
            }
            feature.projection().ifPresent(projection -> {
                requireGroup(feature, Group.PROJECTOR, "has a projection");
                require(
                        FeatureCheck.class.getResource("/db/" + name + "/V1__" + name + ".sql") != null,
                        name,
                        "has a projection and no migration db/" + name + "/V1__" + name + ".sql");
                require(
                        !projection.rebuilt().apply(name, "check").tables().isEmpty(),
                        name,
                        "its projection names no tables, so that replay could not compare it");
            });
        }
        for (ContractMethod method : contract.methods()) {
            String name = method.feature();
            FeatureDescription feature = byName.get(name);
            require(feature != null || others.contains(name), name, "is in the contract and not on the class path");
            if (feature != null && method.writes()) {
                requireGroup(feature, Group.WRITER, "has commands");
            }
        }
        for (FeatureDescription feature : features) {
            for (Part<?> part : feature.decisionParts()) {
                String of = part.streamPrefix().substring(0, part.streamPrefix().indexOf('/'));
                require(
                        byName.containsKey(of),
                        feature.name(),
                        "decides by streams of " + of + ", which is no feature");
            }
        }
    }

    /**
     * Checks that each method of the features that run here has a handler.
     *
     * @throws IncompleteFeature at the first that has none
     */
    public void handlers(Collection<FeatureDescription> running, Methods methods) {
        Set<String> names = running.stream().map(FeatureDescription::name).collect(Collectors.toSet());
        for (ContractMethod method : contract.methods()) {
            require(
                    !names.contains(method.feature()) || methods.find(method.fullName()) != null,
                    method.feature(),
                    "the contract's method " + method.fullName() + " has no handler");
        }
    }

    private static void requireGroup(FeatureDescription feature, Group group, String because) {
        require(
                feature.databaseRole().groups().contains(group),
                feature.name(),
                because + ", but its database role is not in the group " + group.roleName());
    }

    private static void require(boolean holds, String feature, String what) {
        if (!holds) {
            throw new IncompleteFeature(feature, what);
        }
    }
}
