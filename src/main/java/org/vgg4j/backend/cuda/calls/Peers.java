package org.vgg4j.backend.cuda.calls;

/**
 * The other ranks of a training, as an engine's own work sees them: once they are lost, recorded
 * work must not run any more, and nothing that the device holds is to be believed.
 */
public interface Peers extends AutoCloseable {
  /** No other ranks. */
  Peers NONE =
      new Peers() {
        @Override
        public void check() {}

        @Override
        public void launch(Runnable enqueue) {
          enqueue.run();
        }

        @Override
        public void holds(CapturedGraph graph) {}

        @Override
        public void forgets(CapturedGraph graph) {}

        @Override
        public void close() {}
      };

  /** Throws when other ranks are lost; called whenever the host has read something. */
  void check();

  /** Enqueues recorded work, and throws instead when other ranks are lost. */
  void launch(Runnable enqueue);

  /** Says that there is a graph in which sums over the ranks may have been captured. */
  void holds(CapturedGraph graph);

  /** Says that such a graph is gone. */
  void forgets(CapturedGraph graph);

  /** Ends what is between the ranks, at the latest when the engine closes. */
  @Override
  void close();
}
