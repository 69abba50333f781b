package dev.chancery.consent;

import dev.chancery.projection.TenantTransaction;
import io.quarkus.hibernate.orm.panache.PanacheEntityBase;
import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import java.util.UUID;
import org.hibernate.annotations.Immutable;
import org.jspecify.annotations.Nullable;

/** Who may consent for whom. Read in a {@link TenantTransaction}. */
@Entity
@Immutable
@Table(schema = "consent", name = "representative")
@IdClass(RepresentativeRow.Key.class)
@SuppressWarnings("NullAway.Init") // Hibernate fills it
public class RepresentativeRow extends PanacheEntityBase {
    public record Key(UUID subject, UUID representative) {}

    @Id
    public UUID subject;

    @Id
    public UUID representative;

    /** Unix time in microseconds, exclusive; null: until it is ended. */
    @Column(name = "until_micros")
    public @Nullable Long untilMicros;
}
