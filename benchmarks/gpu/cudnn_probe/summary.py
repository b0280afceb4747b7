import json,collections,sys
rows=[json.loads(l) for l in open(sys.argv[1])]
print(collections.Counter((r['stage'],r['kind']) for r in rows))
best={}
for r in rows:
    if r['kind']=='conv' and isinstance(r.get('ms'),(int,float)) and 'error' not in r and r['stage'].startswith('conv'):
        k=(r['precision'],r['layout'],r['layer'],r['op'],r.get('dw',''))
        if k not in best or r['ms']<best[k]['ms']: best[k]=r
layers=["1->64@224","8->64@224","64->64@224","64->128@112","128->128@112","128->256@56","256->256@56","256->512@28","512->512@28","512->512@14"]
count={"1->64@224":1,"64->64@224":1,"64->128@112":1,"128->128@112":1,"128->256@56":1,"256->256@56":2,"256->512@28":1,"512->512@28":2,"512->512@14":3}
leg={}
for r in rows:
    if r['kind']=='legacy' and isinstance(r.get('ms'),(int,float)):
        k=(r['precision'],r['layout'],r['layer'],r['op'])
        if k not in leg or r['ms']<leg[k]['ms']: leg[k]=r
def cell(r): return "-" if r is None else f"{r['ms']:.3f} ({r['tflops']:.0f}, e{r['engine'] if 'engine' in r else r['algo']}, {r['workspace']/2**20:.0f}M)"
for prec,lay,dw in (("bf16","NHWC","bf16"),("bf16","NHWC","fp32"),("tf32","NHWC","fp32"),("strict","NCHW","fp32"),("strict","NHWC","fp32")):
    print("##",prec,lay,"dw",dw); tot=0
    for l in layers:
        f=best.get((prec,lay,l,'fwd','')); d=best.get((prec,lay,l,'dgrad','')); w=best.get((prec,lay,l,'wgrad',dw))
        print(l.ljust(14),cell(f).ljust(32),cell(d).ljust(32),cell(w))
        for r in (f,d,w):
            if r and l in count: tot+=r['ms']*count[l]
    print("sum ms",tot,"images/s", 64000/tot if tot else 0)
for prec,lay in (("default","NCHW"),("default","NHWC"),("bf16","NHWC"),("fma","NCHW"),("fma","NHWC")):
    print("## legacy",prec,lay); tot=0
    for l in layers:
        c=[leg.get((prec,lay,l,o)) for o in ('fwd','dgrad','wgrad')]
        print(l.ljust(14),*[cell(x).ljust(32) for x in c])
        for r in c:
            if r and l in count: tot+=r['ms']*count[l]
    print("sum",tot, 64000/tot if tot else 0)
