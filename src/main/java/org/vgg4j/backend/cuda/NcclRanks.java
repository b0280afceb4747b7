package org.vgg4j.backend.cuda;

import java.nio.file.Path;
import java.util.List;
import org.vgg4j.backend.cuda.calls.CudaCalls;
import org.vgg4j.backend.cuda.calls.CudaException;
import org.vgg4j.backend.cuda.calls.CudaStatus;
import org.vgg4j.backend.cuda.calls.GpuInfo;
import org.vgg4j.backend.cuda.calls.NcclCalls;
import org.vgg4j.backend.cuda.calls.Peers;
import org.vgg4j.backend.cuda.collective.NcclCollective;
import org.vgg4j.backend.cuda.collective.Settings;
import org.vgg4j.backend.cuda.libraries.CudaLibraries;
import org.vgg4j.collective.Collective;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DeviceUnavailableException;
import org.vgg4j.tensor.InvalidInputException;

/**
 * Several GPUs, in one process or in many, that train one net: each is a rank, and NCCL adds
 * between them. Rank 0 makes an id, which reaches the others by any way that they trust; then all
 * of them join at the same time, each with an engine of its own.
 */
public final class NcclRanks {
  private NcclRanks() {}

  /**
   * Loads CUDA's libraries, if they are there: before other code of the process loads any, which
   * would find others.
   *
   * @param libraries folders to search before all others
   * @return the number of GPUs, 0 where there is none or something is missing
   */
  public static int prepare(List<Path> libraries) {
    try {
      CudaLibraries.load(libraries);
      return GpuInfo.count(new CudaCalls(new CudaStatus()));
    } catch (DeviceUnavailableException | CudaException e) {
      return 0; // whoever opens an engine is told
    }
  }

  /**
   * Returns new bytes by which the ranks of one {@link #join} find each other: where rank 0
   * listens, and a secret. The process that made them must live until all have joined.
   *
   * @param libraries folders to search for CUDA's libraries before all others
   * @throws org.vgg4j.tensor.DeviceUnavailableException when NCCL or what it needs is missing
   */
  public static byte[] newId(List<Path> libraries, NcclOptions options) {
    CudaLibraries.load(libraries);
    CudaLibraries.loadNccl();
    return NcclCollective.newId(options.network());
  }

  /**
   * Joins the other ranks, and waits until all are there. The collective is used on the engine's
   * thread, and closed before the engine. Steps that are recorded meanwhile end with it.
   *
   * <p>Where the engine is deterministic NCCL adds in rings with one protocol: {@code
   * NCCL_ALGO=Ring}, {@code NCCL_PROTO=Simple} and {@code NCCL_NVLS_ENABLE=0} are set in the
   * environment of this process, unless they are set already.
   *
   * @param engine an open GPU engine, on a GPU that no other rank uses
   * @param id from {@link #newId}, the same for all ranks, for one use
   * @param rank from 0; each joins once
   * @throws InvalidInputException when the engine is no GPU engine, or the numbers make no sense
   * @throws org.vgg4j.tensor.DeviceUnavailableException when NCCL or what it needs is missing
   * @throws org.vgg4j.collective.PeerLostException when another rank does not come
   * @throws org.vgg4j.tensor.EngineException when NCCL refuses, as for a GPU that two ranks use
   * @throws IllegalStateException when the engine has a collective already
   */
  public static Collective join(
      Backend engine, byte[] id, int rank, int world, NcclOptions options) {
    if (!(engine instanceof CudaBackend cuda)) {
      throw InvalidInputException.of(
          "engine", "must be the GPU engine, not " + engine.name() + ", for sums through NCCL");
    }
    InvalidInputException.requireAtLeast(1, "world", world);
    if (rank < 0 || rank >= world) {
      throw InvalidInputException.of(
          "rank", "must be from 0 to %d, not %d".formatted(world - 1, rank));
    }
    if (id.length != NcclCalls.ID_BYTES) {
      throw InvalidInputException.of(
          "id", "must have %d bytes, not %d".formatted(NcclCalls.ID_BYTES, id.length));
    }
    var context = cuda.device().context();
    context.checkOpen();
    if (context.peers() != Peers.NONE) {
      throw new IllegalStateException("this engine has a collective already: close that one first");
    }
    CudaLibraries.loadNccl();
    return new NcclCollective(
        context,
        cuda.device().memory(),
        id,
        rank,
        world,
        new Settings(
            cuda.device().isDeterministic(),
            options.network(),
            options.initialization(),
            options.patience()));
  }
}
