package dev.chancery.decision;

import com.google.protobuf.ByteString;
import dev.chancery.kernel.Fold;
import dev.chancery.schema.LogEvent;
import dev.chancery.schema.identity.v1.ContractAdopted;
import dev.chancery.schema.identity.v1.SensitiveCapability;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * The contract that the tenant's log adopted last: what the built-in role may do.
 *
 * @param sensitive the capabilities whose use takes care
 */
public record AdoptedContract(ByteString sha256, Set<String> capabilities, Map<String, Sensitivity> sensitive) {
    public AdoptedContract(ByteString sha256, Set<String> capabilities) {
        this(sha256, capabilities, Map.of());
    }

    public static final Fold<AdoptedContract, LogEvent> FOLD = new Fold<>() {
        @Override
        public AdoptedContract initial() {
            return new AdoptedContract(ByteString.EMPTY, Set.of());
        }

        @Override
        public AdoptedContract evolve(AdoptedContract state, LogEvent event) {
            if (!event.type().equals("chancery.identity.v1.ContractAdopted")) {
                return state;
            }
            var adopted = EventReading.read(ContractAdopted.parser(), event.body());
            var sensitive = new HashMap<String, Sensitivity>();
            for (SensitiveCapability one : adopted.getSensitiveList()) {
                sensitive.put(
                        one.getCapability(),
                        Sensitivity.of(
                                one.getStepUpSeconds(),
                                one.getBreakGlassOnly(),
                                one.getConsentRequired(),
                                one.getConsentPurpose()));
            }
            return new AdoptedContract(
                    adopted.getSha256(), Set.copyOf(adopted.getCapabilitiesList()), Map.copyOf(sensitive));
        }
    };
}
