//! The bytes of clusters: what came of the search, and the tree from its root on.

use super::ClustersStated;
use crate::at::At;
use crate::codec::{Reader, put_bytes, put_varint, put_zigzag};
use crate::limits::{CLUSTER_DEPTH_MAX, CLUSTER_FEATURES_MAX, CLUSTERS_MAX};
use crate::segment::cluster::{Cluster, Clusters, Finding, Lack, Tree};

const FOUND: u8 = 0;
const TOO_FEW: u8 = 1;
const INSEPARABLE: u8 = 2;

const LEAF: u8 = 0;
const FORK: u8 = 1;

impl ClustersStated<'_> {
    pub(super) fn put(&self, out: &mut Vec<u8>) {
        put_bytes(out, self.set.as_bytes());
        put_zigzag(out, self.stated_at.0);
        put_bytes(out, self.question.as_bytes());
        out.extend_from_slice(&[self.at_least, self.at_most]);
        match &self.finding {
            Finding::Found(clusters) => put_clusters(out, clusters),
            Finding::NotFound(Lack::TooFew { people, different, asked }) => {
                out.push(TOO_FEW);
                put_varint(out, *people);
                put_varint(out, *different);
                out.push(*asked);
            }
            Finding::NotFound(Lack::Inseparable) => out.push(INSEPARABLE),
        }
    }
}

fn put_clusters(out: &mut Vec<u8>, clusters: &Clusters) {
    out.push(FOUND);
    put_varint(out, clusters.seed);
    put_varint(out, clusters.people);
    put_varint(out, clusters.sampled);
    put_varint(out, clusters.fidelity_permyriad.into());
    put_varint(out, clusters.silhouette_permyriad.into());
    put_varint(out, clusters.clusters.len() as u64);
    for cluster in &clusters.clusters {
        put_bytes(out, cluster.name.as_bytes());
        put_varint(out, cluster.sampled);
        put_varint(out, cluster.centre.len() as u64);
        for number in &cluster.centre {
            out.push(u8::from(number.is_some()));
            number.iter().for_each(|number| put_zigzag(out, *number));
        }
    }
    put_tree(out, &clusters.tree);
}

fn put_tree(out: &mut Vec<u8>, tree: &Tree) {
    match tree {
        Tree::Leaf(cluster) => out.extend_from_slice(&[LEAF, *cluster]),
        Tree::Fork { feature, at, below, reached } => {
            out.extend_from_slice(&[FORK, *feature]);
            put_zigzag(out, *at);
            put_tree(out, below);
            put_tree(out, reached);
        }
    }
}

impl<'a> ClustersStated<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Option<Self> {
        Some(Self {
            set: reader.text()?,
            stated_at: At(reader.zigzag()?),
            question: reader.text()?,
            at_least: reader.byte()?,
            at_most: reader.byte()?,
            finding: match reader.byte()? {
                FOUND => Finding::Found(clusters(reader)?),
                TOO_FEW => Finding::NotFound(Lack::TooFew {
                    people: reader.varint()?,
                    different: reader.varint()?,
                    asked: reader.byte()?,
                }),
                INSEPARABLE => Finding::NotFound(Lack::Inseparable),
                _ => return None,
            },
        })
    }
}

fn clusters(reader: &mut Reader<'_>) -> Option<Clusters> {
    let (seed, people, sampled) = (reader.varint()?, reader.varint()?, reader.varint()?);
    let fidelity_permyriad = u16::try_from(reader.varint()?).ok()?;
    let silhouette_permyriad = u16::try_from(reader.varint()?).ok()?;
    let mut clusters = Vec::new();
    for _ in 0..count(reader, CLUSTERS_MAX)? {
        let (name, sampled) = (reader.text()?.to_owned(), reader.varint()?);
        let mut centre = Vec::new();
        for _ in 0..count(reader, CLUSTER_FEATURES_MAX)? {
            centre.push(match reader.byte()? {
                0 => None,
                1 => Some(reader.zigzag()?),
                _ => return None,
            });
        }
        clusters.push(Cluster { name, sampled, centre });
    }
    let tree = tree(reader, 0)?;
    Some(Clusters { seed, people, sampled, fidelity_permyriad, silhouette_permyriad, clusters, tree })
}

fn count(reader: &mut Reader<'_>, most: usize) -> Option<usize> {
    usize::try_from(reader.varint()?).ok().filter(|count| *count <= most)
}

fn tree(reader: &mut Reader<'_>, depth: usize) -> Option<Tree> {
    match reader.byte()? {
        LEAF => Some(Tree::Leaf(reader.byte()?)),
        FORK if depth < CLUSTER_DEPTH_MAX => Some(Tree::Fork {
            feature: reader.byte()?,
            at: reader.zigzag()?,
            below: Box::new(tree(reader, depth + 1)?),
            reached: Box::new(tree(reader, depth + 1)?),
        }),
        _ => None,
    }
}
