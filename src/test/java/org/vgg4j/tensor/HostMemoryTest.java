package org.vgg4j.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Trees of proc and sys as machines and containers have them. */
final class HostMemoryTest {
  private static final long MIB = 1 << 20;
  private static final long MACHINE = 16_000 * MIB;
  private static final String UNLIMITED_V1 = "9223372036854771712";

  @TempDir private Path root;

  private void put(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text + "\n");
  }

  private void mount(String mountRoot, String point, String type, String options)
      throws IOException {
    put(
        "proc/self/mountinfo",
        "23 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
            + "33 23 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu\n"
            + "35 23 0:31 %s %s rw,relatime - %s cgroup %s"
                .formatted(mountRoot, point, type, options));
  }

  private void v2(String group, String max, long current, long cache) throws IOException {
    put(group + "/memory.max", max);
    put(group + "/memory.current", Long.toString(current));
    put(group + "/memory.stat", "anon 5\ninactive_file %d\nactive_file 0".formatted(cache));
  }

  private void v1(String group, String limit, long usage, long cache) throws IOException {
    put(group + "/memory.limit_in_bytes", limit);
    put(group + "/memory.usage_in_bytes", Long.toString(usage));
    put(group + "/memory.stat", "cache 7\ntotal_inactive_file 0\ntotal_active_file " + cache);
  }

  private void requireLimit(long freeMib, long limitMib, String file) {
    assertEquals(
        new HostMemory(
            freeMib * MIB, "the container's limit of %d MiB (%s)".formatted(limitMib, file)),
        HostMemory.read(root, MACHINE));
  }

  private void requireMachine() {
    assertEquals(new HostMemory(MACHINE, "this machine's memory"), HostMemory.read(root, MACHINE));
  }

  @Test
  void aSystemWithoutGroupsHasItsOwnMemory() {
    requireMachine();
    assertEquals(0, HostMemory.read(root, -1).freeBytes());
  }

  /** What a container sees: its group is the root of the mount. */
  @Test
  void aContainerOfVersion2() throws IOException {
    put("proc/self/cgroup", "0::/");
    mount("/", "/sys/fs/cgroup", "cgroup2", "rw");
    v2("sys/fs/cgroup", Long.toString(2000 * MIB), 900 * MIB, 400 * MIB);
    requireLimit(1500, 2000, "/sys/fs/cgroup/memory.max");
    v2("sys/fs/cgroup", "max", 900 * MIB, 400 * MIB);
    requireMachine();
    put("sys/fs/cgroup/memory.high", Long.toString(700 * MIB));
    requireLimit(200, 700, "/sys/fs/cgroup/memory.high");
  }

  /** A service's group, whose parent's limit is the lower one. */
  @Test
  void aGroupIsLimitedByThoseAboveIt() throws IOException {
    put("proc/self/cgroup", "0::/user.slice/job.scope");
    mount("/", "/sys/fs/cgroup", "cgroup2", "rw");
    v2("sys/fs/cgroup/user.slice/job.scope", Long.toString(4000 * MIB), 10 * MIB, 0);
    v2("sys/fs/cgroup/user.slice", Long.toString(3000 * MIB), 2500 * MIB, 0);
    requireLimit(500, 3000, "/sys/fs/cgroup/user.slice/memory.max");
  }

  @Test
  void aContainerOfVersion1() throws IOException {
    put("proc/self/cgroup", "9:name=systemd:/\n4:cpuset,memory:/docker/ab12\n1:cpu:/docker/ab12");
    mount("/docker/ab12", "/sys/fs/cgroup/memory", "cgroup", "rw,memory");
    v1("sys/fs/cgroup/memory", Long.toString(1000 * MIB), 300 * MIB, 100 * MIB);
    requireLimit(800, 1000, "/sys/fs/cgroup/memory/memory.limit_in_bytes");
    v1("sys/fs/cgroup/memory", UNLIMITED_V1, 300 * MIB, 0);
    requireMachine();
  }

  /** The host's path, of which the container sees nothing but its own group at the mount. */
  @Test
  void aPathThatIsNotSeenIsTheMount() throws IOException {
    put("proc/self/cgroup", "4:memory:/kubepods/pod1");
    mount("/", "/sys/fs/cgroup/memory", "cgroup", "rw,memory");
    v1("sys/fs/cgroup/memory", Long.toString(100 * MIB), 300 * MIB, 0);
    requireLimit(0, 100, "/sys/fs/cgroup/memory/memory.limit_in_bytes");
  }

  /** Version 1 limits the memory, and version 2 is mounted beside it without a say in it. */
  @Test
  void bothVersionsAtOnce() throws IOException {
    put("proc/self/cgroup", "4:memory:/job\n0::/");
    mount("/", "/sys/fs/cgroup/memory", "cgroup", "rw,memory");
    Path mounts = root.resolve("proc/self/mountinfo");
    Files.writeString(
        mounts,
        Files.readString(mounts) + "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    Files.createDirectories(root.resolve("sys/fs/cgroup/unified"));
    v1("sys/fs/cgroup/memory/job", Long.toString(50 * MIB), MIB, 0);
    v1("sys/fs/cgroup/memory", UNLIMITED_V1, MIB, 0);
    requireLimit(49, 50, "/sys/fs/cgroup/memory/job/memory.limit_in_bytes");
  }

  @Test
  void damagedFilesLimitNothing() throws IOException {
    put("proc/self/cgroup", "0::/../../up\nnonsense\n0::");
    mount("/", "/sys/fs/cgroup", "cgroup2", "rw");
    v2("sys/fs/cgroup", "much", 1, 0);
    requireMachine();
  }

  @Test
  void thisMachineHasSome() {
    HostMemory now = HostMemory.now(MACHINE);
    assertTrue(now.freeBytes() > 0 && now.freeBytes() <= MACHINE, now::toString);
  }
}
