package dev.chancery.projection;

/** Two different records claim one position of a tenant's log. A projection throws it; the tenant stops, and both records are kept. */
public final class ForkFound extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final String tenant;
    private final long position;

    public ForkFound(String tenant, long position) {
        super("two different records at " + tenant + "@" + position);
        this.tenant = tenant;
        this.position = position;
    }

    public String tenant() {
        return tenant;
    }

    public long position() {
        return position;
    }
}
