package org.vgg4j.backend.cuda.collective;

import java.time.Duration;

/**
 * How ranks meet and wait for each other.
 *
 * @param deterministic whether NCCL must always add in the same order
 * @param network the only network interface to use, null to leave that to NCCL
 * @param initialization how long all ranks may take to come
 * @param silence how long a sum may take that this rank has begun
 */
public record Settings(
    boolean deterministic, String network, Duration initialization, Duration silence) {}
