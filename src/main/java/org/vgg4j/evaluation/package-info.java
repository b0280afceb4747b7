/** Runs a trained net over images: metrics on a labelled set, and answers for single pictures. */
package org.vgg4j.evaluation;
