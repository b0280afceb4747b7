/** Event files that TensorBoard reads. */
package org.vgg4j.tensorboard;
