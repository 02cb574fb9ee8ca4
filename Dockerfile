# One file, two images: `--target silo` and `--target gateway`; linux/amd64 and linux/arm64.
# VARIANT: cpu (default), vulkan or cuda (amd64 only). Always built with ActorEngine=Orleans.
# Ubuntu 24.04 packages .NET 10 itself, for both architectures, and NVIDIA publishes CUDA on it: one base for every variant.
ARG BASE_IMAGE=ubuntu:24.04
ARG CUDA_IMAGE=nvidia/cuda:13.0.1-runtime-ubuntu24.04
ARG NODE_IMAGE=node:22-bookworm-slim
ARG VARIANT=cpu

FROM --platform=$BUILDPLATFORM ${NODE_IMAGE} AS natives
ARG TARGETARCH
ARG VARIANT
WORKDIR /native
COPY native/ ./
# The lock files pin every native by SHA-512; --force lets an amd64 builder fetch the arm64 package.
RUN npm ci --ignore-scripts --no-audit --no-fund --force \
 && case "$TARGETARCH" in amd64) arch=linux-x64 ;; arm64) arch=linux-arm64 ;; *) echo "no natives for $TARGETARCH" >&2; exit 1 ;; esac \
 && mkdir /natives && cp -a node_modules/@node-llama-cpp/$arch/bins/$arch/*.so /natives/ \
 && case "$VARIANT" in \
      cpu) ;; \
      vulkan|cuda) \
        [ "$TARGETARCH" = amd64 ] || { echo "VARIANT=$VARIANT is for amd64; on a Jetson set Natives:Folder to a build of its own" >&2; exit 1; } \
        && cd $VARIANT && npm ci --ignore-scripts --no-audit --no-fund \
        && cp -a node_modules/@node-llama-cpp/linux-x64-$VARIANT/bins/linux-x64-$VARIANT/libggml-$VARIANT.so /natives/ ;; \
      *) echo "VARIANT must be cpu, vulkan or cuda, not $VARIANT" >&2; exit 1 ;; \
    esac

FROM --platform=$BUILDPLATFORM ${BASE_IMAGE} AS build
ARG TARGETARCH
ARG VARIANT
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates dotnet-sdk-10.0 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Directory.Build.props Directory.Packages.props global.json .editorconfig ./
COPY src/ src/
RUN for project in Silo Gateway Tool; do \
      dotnet publish src/$project -c Release -a $TARGETARCH --self-contained false -p:UseAppHost=false \
        -p:ActorEngine=Orleans -p:NativeVariant=$VARIANT -o /out/$project || exit 1; \
    done

FROM ${BASE_IMAGE} AS base-cpu
FROM ${BASE_IMAGE} AS base-vulkan
RUN apt-get update && apt-get install -y --no-install-recommends libvulkan1 mesa-vulkan-drivers && rm -rf /var/lib/apt/lists/*
FROM ${CUDA_IMAGE} AS base-cuda

FROM base-${VARIANT} AS runtime
RUN apt-get update && apt-get install -y --no-install-recommends aspnetcore-runtime-10.0 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 1654 --user-group --no-create-home --shell /usr/sbin/nologin oinf
WORKDIR /app
# A read-only root file system is fine: /models, /data and /tmp are mounts.
ENV DOTNET_EnableDiagnostics=0 \
    DOTNET_NOLOGO=1 \
    Cluster__SiloPort=11111

FROM runtime AS silo
COPY --from=build /out/Silo ./
COPY --from=build /out/Tool ./tool/
COPY --from=natives /natives ./natives/
RUN mkdir -p /models /data && chown 1654:1654 /models /data
ENV Natives__Folder=/app/natives \
    Models__Store=/models \
    Models__SliceFolder=/data/slices \
    DataPlane__Listen=0.0.0.0:5100 \
    DOTNET_GCGen1MaxBudget=200000
USER 1654
VOLUME ["/models", "/data"]
EXPOSE 5100 11111
# Healthy while its data plane and its silo port both take connections; bash's /dev/tcp needs no tool in the image.
HEALTHCHECK --interval=5s --timeout=2s --start-period=20s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/5100 && exec 4<>/dev/tcp/$(hostname -i | cut -d' ' -f1)/11111"]
ENTRYPOINT ["dotnet", "OrleansInference.Silo.dll"]

FROM runtime AS gateway
COPY --from=build /out/Gateway ./
COPY --from=build /out/Tool ./tool/
ENV Urls=http://0.0.0.0:8080
USER 1654
EXPOSE 8080 11111
HEALTHCHECK --interval=5s --timeout=2s --start-period=20s --retries=3 \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && head -1 <&3 | grep -q ' 200 '"]
ENTRYPOINT ["dotnet", "OrleansInference.Gateway.dll"]
