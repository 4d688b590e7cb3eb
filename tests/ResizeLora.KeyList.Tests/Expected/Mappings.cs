using System.Globalization;
using System.Text;

namespace ResizeLora.KeyLists;

/// <summary>The names of each family, written out by hand from the notes on the trainers' and loaders' own conversions.</summary>
internal static class Mappings
{
    /// <summary>Flux.1 and Chroma: 3h rows of q, k and v; linear1 holds q, k, v and four times as much of the MLP.</summary>
    public static Mapping Flux { get; } =
        new(
            """
            x_embedder = img_in
            context_embedder = txt_in
            time_text_embed.timestep_embedder.linear_1 = time_in.in_layer
            time_text_embed.timestep_embedder.linear_2 = time_in.out_layer
            time_text_embed.text_embedder.linear_1 = vector_in.in_layer
            time_text_embed.text_embedder.linear_2 = vector_in.out_layer
            time_text_embed.guidance_embedder.linear_1 = guidance_in.in_layer
            time_text_embed.guidance_embedder.linear_2 = guidance_in.out_layer
            transformer_blocks.{i}.norm1.linear = double_blocks.{i}.img_mod.lin
            transformer_blocks.{i}.norm1_context.linear = double_blocks.{i}.txt_mod.lin
            transformer_blocks.{i}.attn.to_q = double_blocks.{i}.img_attn.qkv[0,1/3]
            transformer_blocks.{i}.attn.to_k = double_blocks.{i}.img_attn.qkv[1/3,2/3]
            transformer_blocks.{i}.attn.to_v = double_blocks.{i}.img_attn.qkv[2/3,1]
            transformer_blocks.{i}.attn.add_q_proj = double_blocks.{i}.txt_attn.qkv[0,1/3]
            transformer_blocks.{i}.attn.add_k_proj = double_blocks.{i}.txt_attn.qkv[1/3,2/3]
            transformer_blocks.{i}.attn.add_v_proj = double_blocks.{i}.txt_attn.qkv[2/3,1]
            transformer_blocks.{i}.attn.to_out.0 = double_blocks.{i}.img_attn.proj
            transformer_blocks.{i}.attn.to_add_out = double_blocks.{i}.txt_attn.proj
            transformer_blocks.{i}.ff.net.0.proj = double_blocks.{i}.img_mlp.0
            transformer_blocks.{i}.ff.net.2 = double_blocks.{i}.img_mlp.2
            transformer_blocks.{i}.ff_context.net.0.proj = double_blocks.{i}.txt_mlp.0
            transformer_blocks.{i}.ff_context.net.2 = double_blocks.{i}.txt_mlp.2
            single_transformer_blocks.{i}.norm.linear = single_blocks.{i}.modulation.lin
            single_transformer_blocks.{i}.attn.to_q = single_blocks.{i}.linear1[0,1/7]
            single_transformer_blocks.{i}.attn.to_k = single_blocks.{i}.linear1[1/7,2/7]
            single_transformer_blocks.{i}.attn.to_v = single_blocks.{i}.linear1[2/7,3/7]
            single_transformer_blocks.{i}.proj_mlp = single_blocks.{i}.linear1[3/7,1]
            single_transformer_blocks.{i}.proj_out = single_blocks.{i}.linear2
            norm_out.linear = final_layer.adaLN_modulation.1[1/2,1] + final_layer.adaLN_modulation.1[0,1/2]
            proj_out = final_layer.linear
            # Chroma
            distilled_guidance_layer.layers.{i}.linear_1 = distilled_guidance_layer.layers.{i}.in_layer
            distilled_guidance_layer.layers.{i}.linear_2 = distilled_guidance_layer.layers.{i}.out_layer
            #! XLabs
            double_blocks.{i}.processor.qkv_lora1 = double_blocks.{i}.img_attn.qkv
            double_blocks.{i}.processor.qkv_lora2 = double_blocks.{i}.txt_attn.qkv
            double_blocks.{i}.processor.proj_lora1 = double_blocks.{i}.img_attn.proj
            double_blocks.{i}.processor.proj_lora2 = double_blocks.{i}.txt_attn.proj
            single_blocks.{i}.processor.qkv_lora = single_blocks.{i}.linear1[0,3/7]
            single_blocks.{i}.processor.proj_lora = single_blocks.{i}.linear2
            #! OneTrainer
            double_blocks.{i}.img_attn.qkv.0 = double_blocks.{i}.img_attn.qkv[0,1/3]
            double_blocks.{i}.img_attn.qkv.1 = double_blocks.{i}.img_attn.qkv[1/3,2/3]
            double_blocks.{i}.img_attn.qkv.2 = double_blocks.{i}.img_attn.qkv[2/3,1]
            double_blocks.{i}.txt_attn.qkv.0 = double_blocks.{i}.txt_attn.qkv[0,1/3]
            double_blocks.{i}.txt_attn.qkv.1 = double_blocks.{i}.txt_attn.qkv[1/3,2/3]
            double_blocks.{i}.txt_attn.qkv.2 = double_blocks.{i}.txt_attn.qkv[2/3,1]
            single_blocks.{i}.linear1.0 = single_blocks.{i}.linear1[0,1/7]
            single_blocks.{i}.linear1.1 = single_blocks.{i}.linear1[1/7,2/7]
            single_blocks.{i}.linear1.2 = single_blocks.{i}.linear1[2/7,3/7]
            single_blocks.{i}.linear1.3 = single_blocks.{i}.linear1[3/7,1]
            """
        );

    /// <summary>Flux.2: single blocks stay fused in diffusers, modulations are shared.</summary>
    public static Mapping Flux2 { get; } =
        new(
            """
            x_embedder = img_in
            context_embedder = txt_in
            time_guidance_embed.timestep_embedder.linear_1 = time_in.in_layer
            time_guidance_embed.timestep_embedder.linear_2 = time_in.out_layer
            time_guidance_embed.guidance_embedder.linear_1 = guidance_in.in_layer
            time_guidance_embed.guidance_embedder.linear_2 = guidance_in.out_layer
            double_stream_modulation_img.linear = double_stream_modulation_img.lin
            double_stream_modulation_txt.linear = double_stream_modulation_txt.lin
            single_stream_modulation.linear = single_stream_modulation.lin
            transformer_blocks.{i}.attn.to_q = double_blocks.{i}.img_attn.qkv[0,1/3]
            transformer_blocks.{i}.attn.to_k = double_blocks.{i}.img_attn.qkv[1/3,2/3]
            transformer_blocks.{i}.attn.to_v = double_blocks.{i}.img_attn.qkv[2/3,1]
            transformer_blocks.{i}.attn.add_q_proj = double_blocks.{i}.txt_attn.qkv[0,1/3]
            transformer_blocks.{i}.attn.add_k_proj = double_blocks.{i}.txt_attn.qkv[1/3,2/3]
            transformer_blocks.{i}.attn.add_v_proj = double_blocks.{i}.txt_attn.qkv[2/3,1]
            transformer_blocks.{i}.attn.to_out.0 = double_blocks.{i}.img_attn.proj
            transformer_blocks.{i}.attn.to_add_out = double_blocks.{i}.txt_attn.proj
            transformer_blocks.{i}.ff.linear_in = double_blocks.{i}.img_mlp.0
            transformer_blocks.{i}.ff.linear_out = double_blocks.{i}.img_mlp.2
            transformer_blocks.{i}.ff_context.linear_in = double_blocks.{i}.txt_mlp.0
            transformer_blocks.{i}.ff_context.linear_out = double_blocks.{i}.txt_mlp.2
            single_transformer_blocks.{i}.attn.to_qkv_mlp_proj = single_blocks.{i}.linear1
            single_transformer_blocks.{i}.attn.to_out = single_blocks.{i}.linear2
            norm_out.linear = final_layer.adaLN_modulation.1[1/2,1] + final_layer.adaLN_modulation.1[0,1/2]
            proj_out = final_layer.linear
            """
        );

    /// <summary>SD 3 and 3.5.</summary>
    public static Mapping StableDiffusion3 { get; } =
        new(
            """
            pos_embed.proj = x_embedder.proj
            time_text_embed.timestep_embedder.linear_1 = t_embedder.mlp.0
            time_text_embed.timestep_embedder.linear_2 = t_embedder.mlp.2
            time_text_embed.text_embedder.linear_1 = y_embedder.mlp.0
            time_text_embed.text_embedder.linear_2 = y_embedder.mlp.2
            transformer_blocks.{i}.norm1.linear = joint_blocks.{i}.x_block.adaLN_modulation.1
            transformer_blocks.{i}.norm1_context.linear = joint_blocks.{i}.context_block.adaLN_modulation.1
            transformer_blocks.{i}.attn.to_q = joint_blocks.{i}.x_block.attn.qkv[0,1/3]
            transformer_blocks.{i}.attn.to_k = joint_blocks.{i}.x_block.attn.qkv[1/3,2/3]
            transformer_blocks.{i}.attn.to_v = joint_blocks.{i}.x_block.attn.qkv[2/3,1]
            transformer_blocks.{i}.attn.add_q_proj = joint_blocks.{i}.context_block.attn.qkv[0,1/3]
            transformer_blocks.{i}.attn.add_k_proj = joint_blocks.{i}.context_block.attn.qkv[1/3,2/3]
            transformer_blocks.{i}.attn.add_v_proj = joint_blocks.{i}.context_block.attn.qkv[2/3,1]
            transformer_blocks.{i}.attn.to_out.0 = joint_blocks.{i}.x_block.attn.proj
            transformer_blocks.{i}.attn.to_add_out = joint_blocks.{i}.context_block.attn.proj
            transformer_blocks.{i}.attn2.to_q = joint_blocks.{i}.x_block.attn2.qkv[0,1/3]
            transformer_blocks.{i}.attn2.to_k = joint_blocks.{i}.x_block.attn2.qkv[1/3,2/3]
            transformer_blocks.{i}.attn2.to_v = joint_blocks.{i}.x_block.attn2.qkv[2/3,1]
            transformer_blocks.{i}.attn2.to_out.0 = joint_blocks.{i}.x_block.attn2.proj
            transformer_blocks.{i}.ff.net.0.proj = joint_blocks.{i}.x_block.mlp.fc1
            transformer_blocks.{i}.ff.net.2 = joint_blocks.{i}.x_block.mlp.fc2
            transformer_blocks.{i}.ff_context.net.0.proj = joint_blocks.{i}.context_block.mlp.fc1
            transformer_blocks.{i}.ff_context.net.2 = joint_blocks.{i}.context_block.mlp.fc2
            norm_out.linear = final_layer.adaLN_modulation.1[1/2,1] + final_layer.adaLN_modulation.1[0,1/2]
            proj_out = final_layer.linear
            """
        );

    /// <summary>Z-Image: three equal parts.</summary>
    public static Mapping ZImage { get; } =
        new(
            $"""
            all_x_embedder.2-1 = x_embedder
            all_final_layer.2-1.linear = final_layer.linear
            all_final_layer.2-1.adaLN_modulation.1 = final_layer.adaLN_modulation.1
            {Attention("layers", "1/3", "2/3", "attention")}
            {Attention("noise_refiner", "1/3", "2/3", "attention")}
            {Attention("context_refiner", "1/3", "2/3", "attention")}
            """
        );

    /// <summary>Lumina 2: three parts of q, one each of k and v.</summary>
    public static Mapping Lumina2 { get; } =
        new(
            $"""
            time_caption_embed.caption_embedder.1 = cap_embedder.1
            time_caption_embed.timestep_embedder.linear_1 = t_embedder.mlp.0
            time_caption_embed.timestep_embedder.linear_2 = t_embedder.mlp.2
            norm_out.linear_1 = final_layer.adaLN_modulation.1
            norm_out.linear_2 = final_layer.linear
            {Attention("layers", "3/5", "4/5", "attn")}
            {Attention("noise_refiner", "3/5", "4/5", "attn")}
            {Attention("context_refiner", "3/5", "4/5", "attn")}
            {FeedForward("layers")}
            {FeedForward("noise_refiner")}
            {FeedForward("context_refiner")}
            """
        );

    /// <summary>Wan: nothing is fused.</summary>
    public static Mapping Wan { get; } =
        new(
            """
            condition_embedder.time_embedder.linear_1 = time_embedding.0
            condition_embedder.time_embedder.linear_2 = time_embedding.2
            condition_embedder.text_embedder.linear_1 = text_embedding.0
            condition_embedder.text_embedder.linear_2 = text_embedding.2
            condition_embedder.time_proj = time_projection.1
            condition_embedder.image_embedder.ff.net.0.proj = img_emb.proj.1
            condition_embedder.image_embedder.ff.net.2 = img_emb.proj.3
            blocks.{i}.attn1.to_q = blocks.{i}.self_attn.q
            blocks.{i}.attn1.to_k = blocks.{i}.self_attn.k
            blocks.{i}.attn1.to_v = blocks.{i}.self_attn.v
            blocks.{i}.attn1.to_out.0 = blocks.{i}.self_attn.o
            blocks.{i}.attn2.to_q = blocks.{i}.cross_attn.q
            blocks.{i}.attn2.to_k = blocks.{i}.cross_attn.k
            blocks.{i}.attn2.to_v = blocks.{i}.cross_attn.v
            blocks.{i}.attn2.to_out.0 = blocks.{i}.cross_attn.o
            blocks.{i}.attn2.add_k_proj = blocks.{i}.cross_attn.k_img
            blocks.{i}.attn2.add_v_proj = blocks.{i}.cross_attn.v_img
            blocks.{i}.ffn.net.0.proj = blocks.{i}.ffn.0
            blocks.{i}.ffn.net.2 = blocks.{i}.ffn.2
            proj_out = head.head
            """
        );

    /// <summary>HunyuanVideo: fused as Flux.1 is. ComfyUI's names differ where they are not the same with underscores.</summary>
    public static Mapping HunyuanVideo { get; } =
        new(
            """
            x_embedder.proj = img_in.proj
            time_text_embed.timestep_embedder.linear_1 = time_in.mlp.0
            time_text_embed.timestep_embedder.linear_2 = time_in.mlp.2
            time_text_embed.text_embedder.linear_1 = vector_in.in_layer
            time_text_embed.text_embedder.linear_2 = vector_in.out_layer
            time_text_embed.guidance_embedder.linear_1 = guidance_in.mlp.0
            time_text_embed.guidance_embedder.linear_2 = guidance_in.mlp.2
            context_embedder.proj_in = txt_in.input_embedder
            transformer_blocks.{i}.norm1.linear = double_blocks.{i}.img_mod.linear
            transformer_blocks.{i}.norm1_context.linear = double_blocks.{i}.txt_mod.linear
            transformer_blocks.{i}.attn.to_q = double_blocks.{i}.img_attn_qkv[0,1/3]
            transformer_blocks.{i}.attn.to_k = double_blocks.{i}.img_attn_qkv[1/3,2/3]
            transformer_blocks.{i}.attn.to_v = double_blocks.{i}.img_attn_qkv[2/3,1]
            transformer_blocks.{i}.attn.add_q_proj = double_blocks.{i}.txt_attn_qkv[0,1/3]
            transformer_blocks.{i}.attn.add_k_proj = double_blocks.{i}.txt_attn_qkv[1/3,2/3]
            transformer_blocks.{i}.attn.add_v_proj = double_blocks.{i}.txt_attn_qkv[2/3,1]
            transformer_blocks.{i}.attn.to_out.0 = double_blocks.{i}.img_attn_proj
            transformer_blocks.{i}.attn.to_add_out = double_blocks.{i}.txt_attn_proj
            transformer_blocks.{i}.ff.net.0.proj = double_blocks.{i}.img_mlp.fc1
            transformer_blocks.{i}.ff.net.2 = double_blocks.{i}.img_mlp.fc2
            transformer_blocks.{i}.ff_context.net.0.proj = double_blocks.{i}.txt_mlp.fc1
            transformer_blocks.{i}.ff_context.net.2 = double_blocks.{i}.txt_mlp.fc2
            single_transformer_blocks.{i}.norm.linear = single_blocks.{i}.modulation.linear
            single_transformer_blocks.{i}.attn.to_q = single_blocks.{i}.linear1[0,1/7]
            single_transformer_blocks.{i}.attn.to_k = single_blocks.{i}.linear1[1/7,2/7]
            single_transformer_blocks.{i}.attn.to_v = single_blocks.{i}.linear1[2/7,3/7]
            single_transformer_blocks.{i}.proj_mlp = single_blocks.{i}.linear1[3/7,1]
            single_transformer_blocks.{i}.proj_out = single_blocks.{i}.linear2
            norm_out.linear = final_layer.adaLN_modulation.1[1/2,1] + final_layer.adaLN_modulation.1[0,1/2]
            proj_out = final_layer.linear
            #! ComfyUI
            double_blocks.{i}.img_mlp.0 = double_blocks.{i}.img_mlp.fc1
            double_blocks.{i}.img_mlp.2 = double_blocks.{i}.img_mlp.fc2
            double_blocks.{i}.txt_mlp.0 = double_blocks.{i}.txt_mlp.fc1
            double_blocks.{i}.txt_mlp.2 = double_blocks.{i}.txt_mlp.fc2
            double_blocks.{i}.img_mod.lin = double_blocks.{i}.img_mod.linear
            double_blocks.{i}.txt_mod.lin = double_blocks.{i}.txt_mod.linear
            single_blocks.{i}.modulation.lin = single_blocks.{i}.modulation.linear
            time_in.in_layer = time_in.mlp.0
            time_in.out_layer = time_in.mlp.2
            guidance_in.in_layer = guidance_in.mlp.0
            guidance_in.out_layer = guidance_in.mlp.2
            """
        );

    /// <summary>LTX-Video.</summary>
    public static Mapping Ltx { get; } =
        new(
            """
            proj_in = patchify_proj
            time_embed.linear = adaln_single.linear
            time_embed.emb.timestep_embedder.linear_1 = adaln_single.emb.timestep_embedder.linear_1
            time_embed.emb.timestep_embedder.linear_2 = adaln_single.emb.timestep_embedder.linear_2
            """
        );

    /// <summary>Families whose adapters use the base model's own names.</summary>
    public static Mapping Mirrored { get; } = new(string.Empty);

    /// <summary>The text encoders: Hugging Face's names and OpenCLIP's, whose in_proj_weight stacks q, k and v.</summary>
    public static Mapping TextEncoder { get; } =
        new(
            """
            text_model.encoder.layers.{i}.self_attn.q_proj = transformer.resblocks.{i}.attn.in_proj_weight[0,1/3]
            text_model.encoder.layers.{i}.self_attn.k_proj = transformer.resblocks.{i}.attn.in_proj_weight[1/3,2/3]
            text_model.encoder.layers.{i}.self_attn.v_proj = transformer.resblocks.{i}.attn.in_proj_weight[2/3,1]
            text_model.encoder.layers.{i}.self_attn.out_proj = transformer.resblocks.{i}.attn.out_proj
            text_model.encoder.layers.{i}.mlp.fc1 = transformer.resblocks.{i}.mlp.c_fc
            text_model.encoder.layers.{i}.mlp.fc2 = transformer.resblocks.{i}.mlp.c_proj
            #! other names
            text_model.text_projection = text_projection
            """
        );

    /// <summary>The U-Net of SD 1.x and 2.x: four levels, attention in the first three of the way down.</summary>
    public static Mapping StableDiffusion { get; } = new(UNet(levels: 4, hasAttention: [true, true, true, false], depth: 1));

    /// <summary>The U-Net of SDXL: three levels, attention in the last two of the way down.</summary>
    public static Mapping Sdxl { get; } = new(UNet(levels: 3, hasAttention: [false, true, true], depth: 10));

    // down_blocks.i.resnets.j is input_blocks.(1+3i+j).0, its attention …1; up_blocks.i is output_blocks.(3i+j).
    private static string UNet(int levels, bool[] hasAttention, int depth)
    {
        var lines = new StringBuilder();
        void Line(string diffusers, string native) => lines.Append(CultureInfo.InvariantCulture, $"{diffusers} = {native}\n");
        void Resnet(string diffusers, string native)
        {
            Line($"{diffusers}.conv1", $"{native}.in_layers.2");
            Line($"{diffusers}.conv2", $"{native}.out_layers.3");
            Line($"{diffusers}.time_emb_proj", $"{native}.emb_layers.1");
            Line($"{diffusers}.conv_shortcut", $"{native}.skip_connection");
        }

        void Attention(string diffusers, string native)
        {
            Line($"{diffusers}.proj_in", $"{native}.proj_in");
            Line($"{diffusers}.proj_out", $"{native}.proj_out");
            for (int block = 0; block < depth; block++)
            {
                foreach (string name in (string[])["attn1.to_q", "attn1.to_k", "attn1.to_v", "attn1.to_out.0", "attn2.to_q", "attn2.to_k"])
                {
                    Line($"{diffusers}.transformer_blocks.{block}.{name}", $"{native}.transformer_blocks.{block}.{name}");
                }

                foreach (string name in (string[])["attn2.to_v", "attn2.to_out.0", "ff.net.0.proj", "ff.net.2"])
                {
                    Line($"{diffusers}.transformer_blocks.{block}.{name}", $"{native}.transformer_blocks.{block}.{name}");
                }
            }
        }

        Line("conv_in", "input_blocks.0.0");
        Line("conv_out", "out.2");
        Line("time_embedding.linear_1", "time_embed.0");
        Line("time_embedding.linear_2", "time_embed.2");
        Line("add_embedding.linear_1", "label_emb.0.0");
        Line("add_embedding.linear_2", "label_emb.0.2");
        for (int level = 0; level < levels; level++)
        {
            for (int layer = 0; layer < 2; layer++)
            {
                Resnet($"down_blocks.{level}.resnets.{layer}", $"input_blocks.{1 + (3 * level) + layer}.0");
                if (hasAttention[level])
                {
                    Attention($"down_blocks.{level}.attentions.{layer}", $"input_blocks.{1 + (3 * level) + layer}.1");
                }
            }

            if (level < levels - 1)
            {
                Line($"down_blocks.{level}.downsamplers.0.conv", $"input_blocks.{3 * (level + 1)}.0.op");
            }

            bool hasUp = hasAttention[levels - 1 - level];
            for (int layer = 0; layer < 3; layer++)
            {
                Resnet($"up_blocks.{level}.resnets.{layer}", $"output_blocks.{(3 * level) + layer}.0");
                if (hasUp)
                {
                    Attention($"up_blocks.{level}.attentions.{layer}", $"output_blocks.{(3 * level) + layer}.1");
                }
            }

            if (level < levels - 1)
            {
                Line($"up_blocks.{level}.upsamplers.0.conv", $"output_blocks.{(3 * level) + 2}.{(hasUp ? 2 : 1)}.conv");
            }
        }

        Resnet("mid_block.resnets.0", "middle_block.0");
        Resnet("mid_block.resnets.1", "middle_block.2");
        Attention("mid_block.attentions.0", "middle_block.1");
        return lines.ToString();
    }

    private static string Attention(string stack, string first, string second, string name) =>
        $"""
            {stack}.{"{i}"}.{name}.to_q = {stack}.{"{i}"}.attention.qkv[0,{first}]
            {stack}.{"{i}"}.{name}.to_k = {stack}.{"{i}"}.attention.qkv[{first},{second}]
            {stack}.{"{i}"}.{name}.to_v = {stack}.{"{i}"}.attention.qkv[{second},1]
            {stack}.{"{i}"}.{name}.to_out.0 = {stack}.{"{i}"}.attention.out
            """;

    private static string FeedForward(string stack) =>
        $"""
            {stack}.{"{i}"}.feed_forward.linear_1 = {stack}.{"{i}"}.feed_forward.w1
            {stack}.{"{i}"}.feed_forward.linear_2 = {stack}.{"{i}"}.feed_forward.w2
            {stack}.{"{i}"}.feed_forward.linear_3 = {stack}.{"{i}"}.feed_forward.w3
            {stack}.{"{i}"}.norm1.linear = {stack}.{"{i}"}.adaLN_modulation.1
            """;
}
